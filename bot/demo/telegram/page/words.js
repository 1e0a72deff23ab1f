// The page's own words, times and sizes, in the language chosen on the page: at first the browser's.

import en from "./en.js";
import kk from "./kk.js";
import ru from "./ru.js";

const WORDS = { ru, kk, en };
const KEPT = "language";

export const LANGUAGES = Object.keys(WORDS);

let language = "en";
let zone;
let now = () => Date.now();

// `tell` is the demo's clock in milliseconds, `where` the zone of the shop: phones show its time.
export function setClock(tell, where) {
  now = tell;
  zone = where;
}

export function firstLanguage() {
  const asked = [localStorage.getItem(KEPT), ...navigator.languages.map((one) => one.slice(0, 2))];
  return asked.find((code) => code in WORDS) ?? "en";
}

export function speak(code) {
  language = code;
  document.documentElement.lang = code;
  for (const node of document.querySelectorAll("[data-word]")) node.textContent = word(node.dataset.word);
  for (const node of document.querySelectorAll("[data-name]")) {
    node.setAttribute("aria-label", word(node.dataset.name));
    if (node.tagName === "BUTTON") node.title = word(node.dataset.name);
  }
  document.getElementById("text").placeholder = word("write");
}

export function choose(code) {
  localStorage.setItem(KEPT, code);
  speak(code);
}

export const spoken = () => language;

export const word = (key, values = {}) =>
  (WORDS[language][key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

const told = (at, shape) => new Date(at).toLocaleString(language, { timeZone: zone, hourCycle: "h23", ...shape });

export const clock = (at) => told(at, { hour: "2-digit", minute: "2-digit" });

export const clockSeconds = (at) => told(at, { hour: "2-digit", minute: "2-digit", second: "2-digit" });

export const moment = (at) => told(at, { dateStyle: "medium", timeStyle: "medium" });

const date = (at) => told(at, { day: "numeric", month: "long", year: "numeric" });

export const weekday = (at) => told(at, { weekday: "long", day: "numeric", month: "long" });

export const day = (at) => (date(at) === date(now()) ? word("today") : date(at));

// For a list: the hour of today's messages, the date of older ones.
export const when = (at) => (date(at) === date(now()) ? clock(at) : told(at, { day: "2-digit", month: "2-digit" }));

export function size(bytes) {
  const [value, unit] = bytes < 1024 ** 2 ? [bytes / 1024, "KB"] : [bytes / 1024 ** 2, "MB"];
  return `${Math.max(0.1, value).toLocaleString(language, { maximumFractionDigits: 1 })} ${unit}`;
}
