// Behind the scenes: the clock, what may happen at the bank, and who did what lately.

import { element } from "./text.js";
import { clockSeconds, setClock, weekday, word } from "./words.js";

export class Panel {
  // `act(action, wish)` posts what a button says and resolves when it is done.
  constructor(root, act) {
    this.root = root;
    this.act = act;
    this.state = null;
    this.terminal = null;
    this.reason = null;
    setInterval(() => this.#tick(), 250);
  }

  now() {
    const { since, real_since, speed } = this.state.clock;
    return since + (Date.now() - real_since) * speed;
  }

  take(state) {
    this.state = state;
    this.terminal ??= state.terminals[0]?.id ?? null;
    this.reason ??= String(state.reasons[0] ?? "");
    setClock(() => this.now(), state.clock.zone);
    this.draw();
  }

  // Parts are drawn anew only when what they show has changed, so that focus stays where it is.
  draw() {
    if (!this.state) return;
    if (!this.root.firstChild) this.root.append(...["time", "bank", "facts", "received", "sent"].map((name) => element("section", { class: name })));
    const { clock, speeds, terminals, reasons, outages, outage, hostile, facts, received, sent } = this.state;
    const lang = document.documentElement.lang;
    this.#part(0, [lang, clock.speed, speeds], () => this.#time());
    this.#part(1, [lang, terminals, reasons, outages, outage, hostile, this.terminal], () => this.#bank());
    this.#part(2, [lang, facts], () => this.#facts());
    this.#part(3, [lang, received], () => calls("received", received));
    this.#part(4, [lang, sent], () => calls("sent", sent));
    this.#tick();
  }

  #part(index, key, make) {
    const node = this.root.children[index];
    const wanted = JSON.stringify(key);
    if (node.dataset.key === wanted) return;
    node.dataset.key = wanted;
    const focused = node.contains(document.activeElement) ? document.activeElement.dataset.id : null;
    node.replaceChildren(...make());
    if (focused) node.querySelector(`[data-id="${CSS.escape(focused)}"]`)?.focus();
  }

  #tick() {
    const face = this.root.querySelector(".face-of-clock");
    if (!face) return;
    face.querySelector("time").textContent = clockSeconds(this.now());
    face.querySelector("span").textContent = weekday(this.now());
  }

  #time() {
    const { speed } = this.state.clock;
    const speeds = this.state.speeds.includes(speed) ? this.state.speeds : [speed, ...this.state.speeds];
    const keys = speeds.map((one) => this.#button("speed", `×${one}`, one, one === speed));
    return [
      element("p", { class: "hint" }, word("hint")),
      element("h3", {}, word("time")),
      element("p", { class: "face-of-clock" }, element("time", {}), element("span", {})),
      element("div", { class: "pick", role: "group", "aria-label": word("speed") }, ...keys, this.#button("tomorrow", word("tomorrow"))),
    ];
  }

  #bank() {
    const { terminals, reasons, outages, outage, hostile } = this.state;
    const where = terminals.map(({ id, name, weather }) => this.#choice(id, name, weather));
    const why = element("select", { id: "reason", "data-id": "reason", onchange: (event) => { this.reason = event.target.value; } },
      ...reasons.map((code) => element("option", { value: code, selected: String(code) === this.reason }, word(`reason_${code}`))));
    const doing = ["fail_one", "fail", "silence", "spike"].map((name) => this.#button(name, word(name)));
    return [
      element("h3", {}, word("bank")),
      element("div", { class: "pick", role: "group", "aria-label": word("terminal") }, ...where),
      element("div", { class: "reason" }, element("label", { class: "label", for: "reason" }, word("reason")), why),
      element("div", { class: "dos" }, ...doing),
      this.#button("late", word("late")),
      group(word("hostile"), hostile.map((value) => this.#button("hostile", word(`hostile_${value}`), value))),
      group(word("outage"), outages.map((value) => this.#button("outage", word(`outage_${value}`), value, value === outage))),
      this.#button("calm", word("calm"), "", undefined, "do calm"),
    ];
  }

  #facts() {
    const { hour, failed } = this.state.facts;
    const rows = [["hour", hour], ["failedHour", failed]];
    return [element("dl", { class: "figures" }, ...rows.flatMap(([key, value]) => [element("dt", {}, word(key)), element("dd", {}, value)]))];
  }

  #choice(id, name, weather) {
    const choose = () => { this.terminal = id; this.draw(); };
    const note = weather ? [element("small", {}, word(`weather_${weather}`))] : [];
    return element("button", { type: "button", "data-id": id, "aria-pressed": String(id === this.terminal), onclick: choose }, name, ...note);
  }

  #button(action, label, value = "", pressed = undefined, look = "do") {
    const node = element("button", { type: "button", class: look, "data-id": `${action} ${value}`, "data-act": action, "aria-pressed": pressed === undefined ? null : String(pressed) }, label);
    node.addEventListener("click", async () => {
      node.setAttribute("aria-busy", "true");
      await this.act(action, { terminal: this.terminal, reason: this.reason, value });
      node.removeAttribute("aria-busy");
    });
    return node;
  }
}

function group(label, buttons) {
  return element("fieldset", { class: "pick" }, element("legend", {}, label), ...buttons);
}

function calls(name, lines) {
  const rows = lines.map(({ at, what, status, note, times }) =>
    element("li", { class: status >= 200 && status < 300 ? "good" : "bad" },
      element("time", {}, clockSeconds(at)),
      element("span", { class: "what", title: `${what} ${note}` }, what, ...(note ? [element("small", {}, ` ${note}`)] : [])),
      element("span", { class: "times" }, times > 1 ? `×${times}` : ""),
      element("span", { class: "status" }, status ? String(status) : word("status_none"))));
  const shown = rows.length ? rows : [element("li", {}, word("noCalls"))];
  return [element("h3", {}, word(name)), element("ol", { class: "calls", "aria-label": word(name) }, ...shown)];
}
