// Writing: the text field, the command menu over it, the message replied to.

import { element } from "./text.js";

const byId = (id) => document.getElementById(id);

export class Composer {
  // `send(text, replyTo)` posts a message.
  constructor(send) {
    this.send = send;
    this.commands = [];
    this.replyTo = null;
    this.chosen = -1;
    this.text = byId("text");
    this.menu = byId("menu");
    this.opener = byId("open-menu");
    byId("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.text.addEventListener("input", () => this.#typed());
    this.text.addEventListener("keydown", (event) => this.#key(event));
    this.opener.addEventListener("click", () => this.#toggle());
    byId("replying").querySelector("button").addEventListener("click", () => this.reply(null));
  }

  offer(commands) {
    this.commands = commands;
    this.opener.hidden = commands.length === 0;
  }

  reply(message) {
    this.replyTo = message;
    byId("replying").hidden = message === null;
    if (!message) return;
    byId("replying").querySelector("p").textContent = `${message.from?.name ?? ""}: ${message.text.slice(0, 120)}`;
    this.text.focus();
  }

  write(text) {
    this.text.value = text;
    this.#grow();
    this.text.focus();
  }

  #submit() {
    const text = this.text.value.trim();
    this.#close();
    if (!text) return;
    this.send(text, this.replyTo?.id ?? null);
    this.reply(null);
    this.write("");
  }

  #typed() {
    this.#grow();
    const start = /^\/\w*$/.exec(this.text.value)?.[0];
    if (start === undefined) this.#close();
    else this.#open(this.commands.filter((command) => `/${command.command}`.startsWith(start.toLowerCase())));
  }

  #grow() {
    this.text.style.height = "auto";
    this.text.style.height = `${Math.min(this.text.scrollHeight, 160)}px`;
  }

  #toggle() {
    if (this.menu.hidden) this.#open(this.commands);
    else this.#close();
    this.text.focus();
  }

  #open(commands) {
    const items = commands.map(({ command, description }, index) =>
      element("li", { id: `command-${index}`, role: "option", "data-command": command, onmousedown: (event) => this.#take(event, command) },
        element("b", {}, `/${command}`), element("span", {}, description)));
    this.menu.replaceChildren(...items);
    this.menu.hidden = items.length === 0;
    for (const node of [this.text, this.opener]) node.setAttribute("aria-expanded", String(!this.menu.hidden));
    this.#choose(-1);
  }

  #close() {
    this.#open([]);
  }

  #choose(index) {
    const items = [...this.menu.children];
    this.chosen = index;
    items.forEach((item, at) => item.setAttribute("aria-selected", String(at === this.chosen)));
    items[this.chosen]?.scrollIntoView({ block: "nearest" });
    if (this.chosen < 0) this.text.removeAttribute("aria-activedescendant");
    else this.text.setAttribute("aria-activedescendant", items[this.chosen].id);
  }

  #take(event, command) {
    event.preventDefault();
    this.text.value = `/${command}`;
    this.#submit();
  }

  #key(event) {
    const open = !this.menu.hidden;
    if (event.isComposing) return;
    if (open && event.key === "ArrowDown") this.#move(event, 1);
    else if (open && event.key === "ArrowUp") this.#move(event, -1);
    else if (open && event.key === "Tab" && this.chosen >= 0) {
      event.preventDefault();
      this.write(`/${this.menu.children[this.chosen].dataset.command} `);
      this.#close();
    } else if (open && event.key === "Enter" && this.chosen >= 0) this.#take(event, this.menu.children[this.chosen].dataset.command);
    else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#submit();
    } else if (event.key === "Escape") {
      if (open) this.#close();
      else this.reply(null);
    }
  }

  #move(event, step) {
    event.preventDefault();
    const count = this.menu.children.length;
    this.#choose(this.chosen < 0 ? (step > 0 ? 0 : count - 1) : (this.chosen + step + count) % count);
  }
}
