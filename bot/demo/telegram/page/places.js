// The list of chats, and whose phone this is.

import { colour } from "./bubble.js";
import { element } from "./text.js";
import { when, word } from "./words.js";

const byId = (id) => document.getElementById(id);

export const initial = (title) => [...title][0]?.toUpperCase() ?? "?";

export const placeName = ({ chat, topic }) => (topic ? `${chat.title} › ${topic.name ?? word("general")}` : chat.title);

// The face of a chat: the bot's own blue, a colour of their own for groups.
export const faceOf = (chat) => (chat.kind === "private" ? "face" : `face ${colour(chat.id)}`);

export function drawPlaces(model, here, choose) {
  const shown = model.places().filter(({ chat }) => !chat.moved_to || chat.id === here.chat.id);
  const focused = document.activeElement?.dataset?.place;
  byId("places").replaceChildren(...shown.map((one) => row(one, model, here, choose)));
  if (focused) byId("places").querySelector(`[data-place="${CSS.escape(focused)}"]`)?.focus();
  const unread = model.places().map((one) => (one.key === here.key ? 0 : model.unread(one.key)));
  const elsewhere = unread.reduce((sum, one) => sum + one, 0);
  byId("elsewhere").textContent = elsewhere || "";
  const all = elsewhere + model.unread(here.key);
  document.title = all ? `(${all}) epay-bot` : "epay-bot";
}

function row(one, model, here, choose) {
  const last = model.last(one.key);
  const unread = model.unread(one.key);
  const attributes = { type: "button", "data-place": one.key, "aria-current": one.key === here.key ? "true" : null, onclick: () => choose(one.key) };
  return element("li", {}, element("button", attributes,
    element("span", { class: faceOf(one.chat), "aria-hidden": "true" }, initial(one.topic?.name ?? one.chat.title)),
    element("span", { class: "name" }, placeName(one)),
    element("time", {}, last ? when(last.at) : ""),
    element("span", { class: "preview" }, last ? preview(last, model.state.me, one.chat) : ""),
    ...(unread ? [element("span", { class: "unread", title: `${unread} ${word("unread")}` }, String(unread))] : [])));
}

export function preview(message, me, chat) {
  const line = message.text.split("\n", 1)[0];
  const said = line || (message.media?.kind === "photo" ? word("photo") : message.media?.name) || "…";
  if (chat.kind === "private" || !message.from) return said;
  return `${message.from.id === me ? word("me") : message.from.name}: ${said}`;
}

// `heard(person)` tells whether something came to that phone since it was last looked at.
export function drawPeople(state, heard, look) {
  const shown = state.people.map((one) => ({ ...one, mine: one.id === state.me, news: one.id !== state.me && heard(one) }));
  const root = byId("people");
  const key = JSON.stringify([document.documentElement.lang, shown.map(({ id, name, mine, news }) => [id, name, mine, news])]);
  if (root.dataset.key === key) return;
  root.dataset.key = key;
  const focused = document.activeElement?.dataset?.person;
  root.replaceChildren(...shown.map(({ id, name, mine, news }) =>
    element("button", { type: "button", "data-person": id, "aria-pressed": String(mine), onclick: () => look(String(id)) },
      element("span", { class: `face ${colour(id)}`, "aria-hidden": "true" }, initial(name)),
      element("span", {}, name),
      ...(news ? [element("span", { class: "news", role: "img", "aria-label": word("news"), title: word("news") })] : []))));
  if (focused) root.querySelector(`[data-person="${CSS.escape(focused)}"]`)?.focus();
}
