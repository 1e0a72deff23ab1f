// What comes over the page for a moment: a line, an alert to be closed, a banner for a message in another chat.

import { element } from "./text.js";

const TOAST_MS = 4500;
const BANNER_MS = 6000;
const byId = (id) => document.getElementById(id);

export function toast(text) {
  const node = element("p", {}, text);
  byId("toasts").append(node);
  setTimeout(() => node.remove(), TOAST_MS);
}

export function notice(text) {
  const dialog = byId("alert");
  dialog.querySelector("p").textContent = text;
  if (!dialog.open) dialog.showModal();
}

let hiding;

export function banner({ face, initial, title, line }, open) {
  const node = byId("banner");
  const [sign, name, words] = node.children;
  sign.className = face;
  sign.textContent = initial;
  name.textContent = title;
  words.textContent = line;
  node.onclick = () => { node.hidden = true; open(); };
  node.hidden = true;
  requestAnimationFrame(() => { node.hidden = false; });
  clearTimeout(hiding);
  hiding = setTimeout(() => { node.hidden = true; }, BANNER_MS);
}

export function hideBanner() {
  byId("banner").hidden = true;
}
