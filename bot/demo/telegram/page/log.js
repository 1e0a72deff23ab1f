// The list of messages on the page: keeps order, focus and scroll while messages come and change.

import { bubble } from "./bubble.js";
import { element } from "./text.js";
import { day, word } from "./words.js";

const SHOWN = 400;
const NEAR_BOTTOM = 60;

// Whether a phone makes a sound of it.
export const rings = (message) => !message.silent && !message.service && message.from?.bot !== false;

export class Log {
  constructor(list, down, acts) {
    this.list = list;
    this.down = down;
    this.acts = acts;
    this.place = null;
    this.following = true; // whether the end is to stay in view
    this.nodes = new Map(); // message id -> {message, node}
    list.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    new ResizeObserver(() => this.following && this.toBottom()).observe(list);
    down.addEventListener("click", () => this.toBottom());
  }

  // Shows these messages of a place, oldest first. Returns whether the end is in view, so that they count as read.
  // `eyes` is {me, group}.
  show(place, messages, eyes) {
    const fresh = this.place !== place;
    if (fresh) this.#clear(place);
    const shown = messages.slice(-SHOWN);
    const { added, changed } = this.#sync(shown, eyes, fresh);
    if (fresh || changed) this.#days(shown);
    if (this.following) this.toBottom();
    this.#showDown(added);
    return this.following;
  }

  #scrolled() {
    if (this.list.clientHeight) this.following = this.#atBottom();
    this.#showDown(0);
  }

  toBottom() {
    this.following = true;
    this.list.scrollTop = this.list.scrollHeight;
    this.#showDown(0);
  }

  jump(id) {
    const node = this.nodes.get(id)?.node;
    if (!node) return;
    node.scrollIntoView({ block: "center" });
    node.classList.add("found");
    setTimeout(() => node.classList.remove("found"), 1200);
  }

  forget() {
    this.place = null;
  }

  #clear(place) {
    this.place = place;
    this.following = true;
    this.nodes.clear();
    this.list.replaceChildren();
    // A chat that was just opened is not read out from its beginning.
    this.list.setAttribute("aria-live", "off");
    setTimeout(() => this.list.setAttribute("aria-live", "polite"), 300);
  }

  #sync(messages, eyes, fresh) {
    const wanted = new Set(messages.map((message) => message.id));
    let added = 0;
    let changed = false;
    for (const [id, { node }] of this.nodes) {
      if (!wanted.has(id)) {
        node.remove();
        this.nodes.delete(id);
        changed = true;
      }
    }
    for (const message of messages) {
      const known = this.nodes.get(message.id);
      if (known?.message === message) continue;
      const node = bubble(message, eyes, this.acts);
      if (known) this.#replace(known.node, node);
      else this.#insert(node, message.id);
      if (!known && !fresh) node.classList.add("new", ...(rings(message) ? ["rings"] : []));
      this.nodes.set(message.id, { message, node });
      added += known ? 0 : 1;
      changed = true;
    }
    return { added, changed };
  }

  #replace(old, node) {
    const focusable = "button, a, [tabindex]";
    const index = [...old.querySelectorAll(focusable)].indexOf(document.activeElement);
    old.replaceWith(node);
    if (index < 0) return;
    const all = node.querySelectorAll(focusable);
    (all[Math.min(index, all.length - 1)] ?? this.list).focus({ preventScroll: true });
  }

  #insert(node, id) {
    const later = [...this.list.children].findLast((other) => other.dataset.id && Number(other.dataset.id) < id);
    if (later) later.after(node);
    else this.list.prepend(node);
  }

  #days(messages) {
    for (const node of this.list.querySelectorAll(".day, .empty")) node.remove();
    let previous = "";
    for (const message of messages) {
      const name = day(message.at);
      if (name !== previous) this.nodes.get(message.id).node.before(element("li", { class: "day", "aria-hidden": "true" }, name));
      previous = name;
    }
    if (!messages.length) this.list.append(element("li", { class: "empty" }, word("empty")));
  }

  #atBottom() {
    return this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < NEAR_BOTTOM;
  }

  #showDown(added) {
    const end = this.following;
    this.waiting = end ? 0 : (this.waiting ?? 0) + added;
    this.down.hidden = end;
    this.down.firstElementChild.textContent = this.waiting ? `${this.waiting} ${word("newer")}` : "";
    this.down.setAttribute("aria-label", this.down.textContent || word("messages"));
  }
}
