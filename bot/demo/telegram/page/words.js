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

const two = (number) => String(number).padStart(2, "0");

// The shop's wall clock as numbers. Names of months are ours: not every browser knows them in Kazakh.
function parts(at) {
  const shape = { timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" };
  const found = new Intl.DateTimeFormat("en", shape).formatToParts(new Date(at));
  return Object.fromEntries(found.map(({ type, value }) => [type, Number(value)]));
}

function date({ year, month, day }) {
  const name = word("months").split(",")[month - 1];
  return [`${day} ${name}`, year];
}

const same = (one, other) => one.year === other.year && one.month === other.month && one.day === other.day;

export function clock(at) {
  const { hour, minute } = parts(at);
  return `${two(hour)}:${two(minute)}`;
}

export const clockSeconds = (at) => `${clock(at)}:${two(parts(at).second)}`;

export const moment = (at) => `${date(parts(at)).join(" ")}, ${clockSeconds(at)}`;

export function weekday(at) {
  const { year, month, day } = parts(at);
  const name = word("weekdays").split(",")[new Date(Date.UTC(year, month - 1, day)).getUTCDay()];
  return `${name}, ${date(parts(at))[0]}`;
}

export const day = (at) => (same(parts(at), parts(now())) ? word("today") : date(parts(at)).join(" "));

// For a list: the hour of today's messages, the date of older ones.
export function when(at) {
  const { day: number, month } = parts(at);
  return same(parts(at), parts(now())) ? clock(at) : `${two(number)}.${two(month)}`;
}

export function size(bytes) {
  const [value, unit] = bytes < 1024 ** 2 ? [bytes / 1024, "KB"] : [bytes / 1024 ** 2, "MB"];
  return `${Math.max(0.1, value).toLocaleString(language, { maximumFractionDigits: 1 })} ${unit}`;
}
