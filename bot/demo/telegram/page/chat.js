// The page: whose phone, which chat, what is shown where. Everything else is in the modules beside it.

import { Composer } from "./composer.js";
import { listen, post } from "./feed.js";
import { ask, parse } from "./links.js";
import { Log, rings } from "./log.js";
import { Model, placeKey } from "./model.js";
import { banner, hideBanner, notice, toast } from "./notices.js";
import { Panel } from "./panel.js";
import { drawPeople, drawPlaces, faceOf, initial, placeName, preview } from "./places.js";
import { element } from "./text.js";
import { choose as chooseLanguage, firstLanguage, LANGUAGES, speak, spoken, word } from "./words.js";

const byId = (id) => document.getElementById(id);
const NAMES = { ru: "Русский", kk: "Қазақша", en: "English" };
const TYPING_MS = 6000;

let model = new Model();
let person = sessionStorage.getItem("person");
let place = sessionStorage.getItem("place");
let connected = false;
let typing = { number: null, until: 0 };
let stop = null;
const heard = new Map(); // person id -> how much had come when that phone was last looked at

const acts = {
  command: (text) => say(text, null),
  reply: (message) => composer.reply(message),
  jump: (id) => log.jump(id),
  open: openLink,
  copy: async (text) => {
    const copied = await navigator.clipboard.writeText(text).then(() => true, () => false);
    toast(word(copied ? "copied" : "failed"));
  },
  press: async (message, data) => {
    const answer = await attempt("press", { chat: message.chat, message: message.id, data });
    if (!answer) return;
    if (answer.silent) toast(word("noAnswer"));
    else if (answer.text && answer.alert) notice(answer.text);
    else if (answer.text) toast(answer.text);
  },
};
const log = new Log(byId("log"), byId("down"), acts);
const composer = new Composer((text, replyTo) => say(text, replyTo));
const panel = new Panel(byId("panel"), async (action, wish) => {
  const answer = await attempt("act", { action, ...wish });
  if (answer) toast(word(`said_${answer.said}`, answer.values));
});

async function attempt(path, body) {
  try {
    return await post(path, { person, ...body });
  } catch (error) {
    toast(`${word("failed")}: ${error.message}`);
    return null;
  }
}

function say(text, replyTo) {
  if (!model.state) return null;
  const { chat, topic } = current();
  log.toBottom();
  return attempt("say", { chat: chat.id, thread: topic?.id ?? null, text, reply_to: replyTo });
}

function openLink(address, event) {
  const { bot, people, chats, me } = model.state;
  const link = parse(address, bot.username);
  if (!link) return;
  event.preventDefault();
  const order = [...people].sort((a, b) => (b.id === me) - (a.id === me));
  const choices = link.group
    ? chats.filter((chat) => chat.kind !== "private").map((chat) => ({ label: chat.title, note: "", open: () => joinGroup(chat, link) }))
    : order.map((one) => ({ label: one.name, note: one.id === me ? word("me") : "", open: () => startAs(one, link) }));
  ask(link, choices, acts.copy);
}

async function startAs(one, { code }) {
  if (one.id !== model.state.me) look(String(one.id));
  choose(placeKey(one.id, null));
  if (code) await attempt("say", { person: one.id, chat: one.id, thread: null, text: `/start ${code}` });
}

async function joinGroup(chat, { code }) {
  if (!inside(chat)) await attempt("member", { chat: chat.id, inside: true });
  choose(placeKey(chat.id, null));
  await attempt("say", { chat: chat.id, thread: null, text: `/start@${model.state.bot.username} ${code}`.trim() });
}

const inside = (chat) => ["member", "administrator"].includes(chat.standing);

// What was in focus may be out of sight now; the keyboard then goes on at the head of what came in.
function view(name) {
  const from = document.body.dataset.view;
  document.body.dataset.view = name;
  if (model.state) draw();
  if (document.activeElement.checkVisibility() && document.activeElement !== document.body) return;
  const heads = { list: "#places [aria-current]", panel: "#from-panel", talk: from === "panel" ? "#to-panel" : "#log" };
  document.querySelector(heads[name])?.focus();
}

function current() {
  const places = model.places();
  return places.find((one) => one.key === place) ?? places[0];
}

function choose(key) {
  place = key;
  sessionStorage.setItem("place", key);
  composer.reply(null);
  hideBanner();
  view("talk");
}

function look(id) {
  person = id;
  sessionStorage.setItem("person", id);
  model = new Model();
  log.forget();
  hideBanner();
  stop?.();
  stop = listen(id, take, (up) => {
    connected = up;
    if (model.state) drawStatus(current());
  });
}

function take(state) {
  const fresh = model.apply(state);
  for (const one of state.people) if (one.id === state.me || !heard.has(one.id)) heard.set(one.id, one.heard);
  panel.take(state.panel);
  draw();
  for (const message of fresh) announce(message);
}

// A message with sound that is not before the reader's eyes comes down as a banner.
function announce(message) {
  const key = placeKey(message.chat, message.thread);
  const seen = key === current().key && byId("log").checkVisibility();
  const where = model.places().find((one) => one.key === key);
  if (seen || !where || !rings(message)) return;
  const about = { face: faceOf(where.chat), initial: initial(where.chat.title), title: placeName(where), line: preview(message, model.state.me, where.chat) };
  banner(about, () => choose(key));
}

function draw() {
  const here = current();
  place = here.key;
  drawPeople(model.state, (one) => one.heard > heard.get(one.id), look);
  const eyes = { me: model.state.me, group: here.chat.kind !== "private" };
  const read = log.show(`${spoken()}:${model.state.me}:${here.key}`, model.list(here.key), eyes);
  if (read && byId("log").checkVisibility() && !document.hidden) model.seen(here.key);
  drawPlaces(model, here, choose);
  drawHeading(here);
  drawComposer(here);
  panel.draw();
}

function drawHeading(here) {
  byId("title").textContent = placeName(here);
  byId("face").className = faceOf(here.chat);
  byId("face").textContent = initial(here.chat.title);
  const stand = byId("stand");
  const { kind, moved_to: moved } = here.chat;
  stand.hidden = Boolean(moved) || !inside(here.chat);
  stand.lastElementChild.textContent = word(kind === "private" ? "block" : "remove");
  stand.title = stand.lastElementChild.textContent;
  stand.onclick = () => (kind === "private" ? attempt("block", { blocked: true }) : attempt("member", { chat: here.chat.id, inside: false }));
  drawStatus(here);
}

function drawStatus(here) {
  const said = here.chat.typing;
  if (said && said.number !== typing.number && (said.thread ?? null) === (here.topic?.id ?? null)) {
    typing = { number: said.number, until: Date.now() + TYPING_MS };
    setTimeout(() => drawStatus(current()), TYPING_MS + 50);
  }
  const busy = said && Date.now() < typing.until;
  const status = byId("status");
  status.classList.toggle("busy", Boolean(connected && busy));
  const shown = statusText(here.chat, busy && said.action);
  if (status.textContent !== shown) status.textContent = shown;
}

function statusText(chat, action) {
  if (!connected) return word("offline");
  if (action) return word(action.startsWith("upload") ? "upload" : "typing");
  if (chat.kind !== "private") return word("members", { count: chat.members });
  return chat.standing === "kicked" ? word("blocked") : word("online");
}

// What stands in the place of the text field: the key of its words, undefined for none.
function missing({ kind, standing, moved_to: moved }) {
  if (moved) return "moved";
  if (kind === "private") return { left: "start", kicked: "unblock" }[standing];
  return { left: "bot_away", kicked: "bot_away" }[standing];
}

function drawComposer({ chat }) {
  composer.offer(chat.commands);
  const instead = byId("instead");
  const key = missing(chat);
  instead.hidden = key === undefined;
  byId("composer").hidden = key !== undefined;
  if (key) instead.textContent = word(key);
  instead.onclick = {
    start: () => say("/start", null),
    unblock: () => attempt("block", { blocked: false }),
    bot_away: () => attempt("member", { chat: chat.id, inside: true }),
    moved: () => choose(placeKey(chat.moved_to, null)),
  }[key] ?? null;
}

function offerLanguages() {
  const options = LANGUAGES.map((code) => element("option", { value: code, lang: code, selected: code === spoken() }, NAMES[code]));
  byId("language").replaceChildren(...options);
  byId("language").addEventListener("change", (event) => {
    chooseLanguage(event.target.value);
    if (model.state) draw();
  });
}

byId("to-list").addEventListener("click", () => view("list"));
byId("to-panel").addEventListener("click", () => view(document.body.dataset.view === "panel" ? "talk" : "panel"));
byId("from-panel").addEventListener("click", () => view("talk"));
byId("alert").querySelector("button").addEventListener("click", () => byId("alert").close());
document.addEventListener("visibilitychange", () => model.state && draw());
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
  hideBanner();
  if (document.body.dataset.view !== "talk") view("talk");
});

async function begin() {
  speak(firstLanguage());
  offerLanguages();
  const people = await (await fetch("/demo/people")).json();
  const known = people.find((one) => String(one.id) === person) ?? people[0];
  if (!known) throw new Error("nobody has a phone yet");
  look(String(known.id));
}

begin().catch((error) => toast(error.message));
