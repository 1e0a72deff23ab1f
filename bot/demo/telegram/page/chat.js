// The page: whose phone, which chat, what is shown where. Everything else is in the modules beside it.

import { Composer } from "./composer.js";
import { listen, post } from "./feed.js";
import { Log } from "./log.js";
import { Model } from "./model.js";
import { element } from "./text.js";
import { clock, speak, word } from "./words.js";

const byId = (id) => document.getElementById(id);
const TYPING_MS = 6000;
const TOAST_MS = 4000;

let model = new Model();
let place = sessionStorage.getItem("place");
let person = sessionStorage.getItem("person");
let connected = false;
let typing = { number: null, until: 0 };
let stop = null;

const acts = {
  command: (text) => say(text, null),
  reply: (message) => composer.reply(message),
  jump: (id) => log.jump(id),
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

async function attempt(path, body) {
  try {
    return await post(path, { person: model.state.me, ...body });
  } catch (error) {
    toast(`${word("failed")}: ${error.message}`);
    return null;
  }
}

function say(text, replyTo) {
  const { chat, topic } = current();
  log.toBottom();
  return attempt("say", { chat: chat.id, thread: topic?.id ?? null, text, reply_to: replyTo });
}

function toast(text) {
  const node = element("p", {}, text);
  byId("toasts").append(node);
  setTimeout(() => node.remove(), TOAST_MS);
}

function notice(text) {
  const dialog = byId("alert");
  dialog.querySelector("p").textContent = text;
  if (!dialog.open) dialog.showModal();
}

function view(name) {
  document.body.dataset.view = name;
  if (model.state) draw();
}

function current() {
  const places = model.places();
  return places.find((one) => one.key === place) ?? places[0];
}

function choose(key) {
  place = key;
  sessionStorage.setItem("place", key);
  composer.reply(null);
  view("talk");
}

function look(id) {
  person = id;
  sessionStorage.setItem("person", id);
  model = new Model();
  log.forget();
  stop?.();
  stop = listen(id, take, (up) => {
    connected = up;
    if (model.state) drawStatus(current());
  });
}

function take(state) {
  model.apply(state);
  const me = state.people.find((one) => one.id === state.me);
  if (document.documentElement.lang !== me.language || state.full) speak(me.language);
  draw();
}

function draw() {
  const here = current();
  place = here.key;
  drawPeople();
  const read = log.show(`${model.state.me}:${here.key}`, model.list(here.key), model.state.me);
  if (read && document.body.dataset.view !== "list" && !document.hidden) model.seen(here.key);
  drawPlaces(here);
  drawHeading(here);
  drawComposer(here);
  drawBank();
}

function drawPeople() {
  const options = model.state.people.map((one) => element("option", { value: one.id, selected: one.id === model.state.me }, one.name));
  replace(byId("person"), options, JSON.stringify([model.state.people, model.state.me]));
}

// Rebuilds a part only when what it shows has changed, so that focus stays where it is.
function replace(node, children, key) {
  if (node.dataset.key === key) return;
  node.dataset.key = key;
  node.replaceChildren(...children);
}

const placeName = ({ chat, topic }) => (topic ? `${chat.title} › ${topic.name ?? word("general")}` : chat.title);

function drawPlaces(here) {
  const rows = model.places().filter(({ chat }) => !chat.moved_to || chat.id === here.chat.id).map((one) => placeRow(one, here));
  const focused = document.activeElement?.dataset?.place;
  byId("places").replaceChildren(...rows);
  if (focused) byId("places").querySelector(`[data-place="${CSS.escape(focused)}"]`)?.focus();
  const unread = model.places().reduce((sum, one) => sum + model.unread(one.key), 0);
  document.title = unread ? `(${unread}) epay-bot` : "epay-bot";
}

function placeRow(one, here) {
  const last = model.last(one.key);
  const unread = model.unread(one.key);
  const attributes = { type: "button", "data-place": one.key, "aria-current": one.key === here.key ? "true" : null, onclick: () => choose(one.key) };
  return element("li", {}, element("button", attributes,
    element("span", { class: "face", "aria-hidden": "true" }, [...one.chat.title][0] ?? "?"),
    element("span", { class: "name" }, placeName(one)),
    element("time", {}, last ? clock(last.at) : ""),
    element("span", { class: "preview" }, last ? last.text.split("\n", 1)[0] || (last.media ? `📎 ${last.media.name}` : "") : ""),
    ...(unread ? [element("span", { class: "unread" }, String(unread))] : [])));
}

function drawHeading(here) {
  byId("title").textContent = placeName(here);
  const block = byId("block");
  block.hidden = here.chat.kind !== "private" || here.chat.standing !== "member";
  block.textContent = word("block");
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
  status.textContent = statusText(here.chat, busy && said.action);
}

function statusText(chat, action) {
  if (!connected) return word("offline");
  if (action) return word(action.startsWith("upload") ? "upload" : "typing");
  if (chat.kind !== "private") return `${chat.members} ${word("members")}`;
  return chat.standing === "kicked" ? word("blocked") : word("online");
}

function drawComposer({ chat }) {
  composer.offer(chat.commands);
  const instead = byId("instead");
  const key = chat.moved_to ? "moved" : chat.kind === "private" ? { left: "start", kicked: "unblock" }[chat.standing] : undefined;
  instead.hidden = key === undefined;
  byId("composer").hidden = key !== undefined;
  if (key) instead.textContent = word(key);
  instead.onclick = {
    start: () => say("/start", null),
    unblock: () => attempt("block", { blocked: false }),
    moved: () => choose(`${chat.moved_to}/0`),
  }[key] ?? null;
}

function drawBank() {
  const { actions, facts } = model.state;
  byId("to-bank").hidden = actions.length === 0 && Object.keys(facts).length === 0;
  const buttons = actions.map(({ name, label }) => {
    const node = element("button", { type: "button" }, label);
    node.addEventListener("click", () => act(node, name));
    return node;
  });
  replace(byId("actions"), buttons, JSON.stringify(actions));
  const rows = Object.entries(facts).flatMap(([label, value]) => [element("dt", {}, label), element("dd", {}, value)]);
  replace(byId("facts"), rows, JSON.stringify(facts));
}

async function act(node, name) {
  node.setAttribute("aria-busy", "true");
  const said = await attempt("act", { action: name });
  node.removeAttribute("aria-busy");
  if (said?.text) toast(said.text);
}

byId("person").addEventListener("change", (event) => look(event.target.value));
byId("to-list").addEventListener("click", () => view("list"));
byId("to-bank").addEventListener("click", () => view(document.body.dataset.view === "bank" ? "talk" : "bank"));
byId("from-bank").addEventListener("click", () => view("talk"));
byId("block").addEventListener("click", () => attempt("block", { blocked: true }));
byId("alert").querySelector("button").addEventListener("click", () => byId("alert").close());
document.addEventListener("visibilitychange", () => model.state && draw());

async function begin() {
  const people = await (await fetch("/demo/people")).json();
  const known = people.find((one) => String(one.id) === person) ?? people[0];
  if (!known) throw new Error("nobody has a phone yet");
  speak(known.language);
  look(String(known.id));
}

begin().catch((error) => toast(error.message));
