// Links to the bot (t.me/bot?start=CODE): who opens it, or which group takes the bot in, is asked first.

import { element } from "./text.js";
import { word } from "./words.js";

const BOT_LINK = /^(?:https?:\/\/)?(?:t\.me|telegram\.me)\/(\w+)(?:\?(.*))?$/i;

// What a link to this very bot asks for, null for any other address.
export function parse(address, username) {
  const [, name, query] = BOT_LINK.exec(address) ?? [];
  if (!name || name.toLowerCase() !== username?.toLowerCase()) return null;
  const asked = new URLSearchParams(query ?? "");
  return { address, group: asked.has("startgroup"), code: asked.get("start") ?? asked.get("startgroup") ?? "" };
}

// `choices` are {label, note, open()}; the first has the focus.
export function ask(link, choices, copy) {
  const dialog = document.getElementById("link");
  dialog.querySelector("h2").textContent = word(link.group ? "where" : "who");
  dialog.querySelector("code").textContent = link.address;
  const buttons = choices.map(({ label, note, open }) => {
    const chosen = () => { dialog.close(); open(); };
    return element("button", { type: "button", class: "choice", onclick: chosen }, element("b", {}, label), element("span", {}, note));
  });
  const copied = () => { dialog.close(); copy(link.address); };
  buttons.push(element("button", { type: "button", class: "choice quiet", onclick: copied }, word("copy")));
  dialog.querySelector("div").replaceChildren(...buttons);
  if (!dialog.open) dialog.showModal();
}
