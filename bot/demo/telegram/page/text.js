// Telegram text into nodes: the entities come parsed from the server, the text itself is never read as markup.

import { moment, word } from "./words.js";

export function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

// `acts` has command(text), copy(text) and open(address, event).
export function formatted(text, entities, acts) {
  const fragment = document.createDocumentFragment();
  fragment.append(...pieces(text, 0, text.length, entities, acts));
  return fragment;
}

function pieces(text, start, end, entities, acts) {
  const nodes = [];
  let at = start;
  for (let index = 0; index < entities.length; index += 1) {
    const entity = entities[index];
    const stop = Math.min(end, entity.offset + entity.length);
    if (entity.offset < at || stop <= at) continue;
    const inside = entities.slice(index + 1).filter((other) => other.offset < stop);
    if (entity.offset > at) nodes.push(text.slice(at, entity.offset));
    nodes.push(shaped(entity, text.slice(entity.offset, stop), pieces(text, entity.offset, stop, inside, acts), acts));
    at = stop;
  }
  if (at < end) nodes.push(text.slice(at, end));
  return nodes;
}

const PLAIN = { bold: "strong", italic: "em", underline: "u", strikethrough: "s", blockquote: "blockquote" };

function shaped(entity, own, children, acts) {
  if (PLAIN[entity.type]) return element(PLAIN[entity.type], {}, ...children);
  switch (entity.type) {
    case "code":
      return element("code", { title: own, onclick: () => acts.copy(own) }, ...children);
    case "pre":
      return element("pre", { tabindex: 0 }, element("code", {}, ...children));
    case "spoiler":
      return spoiler(children);
    case "expandable_blockquote":
      return expandable(children);
    case "text_link":
    case "url":
      return link(entity.url ?? own, children, acts);
    case "bot_command":
      return element("button", { class: "command", type: "button", onclick: () => acts.command(own) }, ...children);
    case "date_time":
      return element("time", { datetime: new Date(entity.unix_time * 1000).toISOString(), title: moment(entity.unix_time * 1000) }, ...children);
    default:
      return element("span", { class: entity.type }, ...children);
  }
}

function link(given, children, acts) {
  const address = /^t\.me\//i.test(given) ? `https://${given}` : given;
  if (!/^https?:\/\//i.test(address)) return element("span", { class: "mention" }, ...children);
  const open = (event) => acts.open(address, event);
  return element("a", { href: address, target: "_blank", rel: "noopener noreferrer", title: address, onclick: open }, ...children);
}

function spoiler(children) {
  const node = element("span", { class: "spoiler", role: "button", tabindex: 0, "aria-label": word("reveal") }, ...children);
  const reveal = () => {
    node.classList.add("shown");
    for (const name of ["role", "tabindex", "aria-label"]) node.removeAttribute(name);
  };
  node.addEventListener("click", reveal, { once: true });
  node.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") reveal();
  });
  return node;
}

function expandable(children) {
  const quote = element("blockquote", { class: "folded" }, ...children);
  const toggle = element("button", { type: "button", class: "fold", "aria-expanded": "false" }, word("more"));
  toggle.addEventListener("click", () => {
    const folded = quote.classList.toggle("folded");
    toggle.setAttribute("aria-expanded", String(!folded));
    toggle.textContent = word(folded ? "more" : "less");
  });
  return element("div", { class: "expandable" }, quote, toggle);
}
