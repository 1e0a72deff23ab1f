// One message as a list item: words, picture or file, reply, buttons, marks.

import { icon } from "./icons.js";
import { element, formatted } from "./text.js";
import { clock, moment, size, word } from "./words.js";

const COLOURS = 6;

// The colour of a name or a face: the same for the same id.
export const colour = (id) => `c${Math.abs(Number(id)) % COLOURS}`;

// `acts` has command(text), copy(text), open(address, event), press(message, data), reply(message), jump(id).
export function bubble(message, { me, group }, acts) {
  if (message.service) return element("li", { class: "service", "data-id": message.id }, service(message));
  const mine = message.from?.id === me;
  const body = element("div", { class: message.media?.kind === "photo" ? "bubble pictured" : "bubble" });
  if (group && !mine) body.append(element("p", { class: `name ${colour(message.from?.id ?? 0)}` }, message.from?.name ?? ""));
  if (message.reply) body.append(quoted(message.reply, acts));
  if (message.media) body.append(media(message));
  body.append(words(message, mine, acts));
  body.append(element("button", { type: "button", class: "reply", "aria-label": word("reply"), title: word("reply"), onclick: () => acts.reply(message) }, icon("reply")));
  const item = element("li", { class: mine ? "mine" : "theirs", "data-id": message.id }, body);
  if (message.buttons.length) item.append(keyboard(message, acts));
  return item;
}

function service(message) {
  const what = message.service;
  if (what.new_chat_members) return `${what.new_chat_members.map((member) => member.first_name).join(", ")} ${word("bot_in")}`;
  if (what.migrate_to_chat_id || what.migrate_from_chat_id) return word("moved");
  if (what.forum_topic_closed) return word("topic_closed");
  if (what.forum_topic_reopened) return word("topic_opened");
  return Object.keys(what).join(", ");
}

function quoted(reply, acts) {
  const jump = () => acts.jump(reply.id);
  return element("button", { type: "button", class: "quoted", onclick: jump }, element("b", {}, reply.name), element("span", {}, reply.text.split("\n", 1)[0]));
}

function media(message) {
  const { kind, url, name, size: bytes, width, height } = message.media;
  if (kind === "photo") {
    const picture = element("img", { src: url, width, height, loading: "lazy", alt: message.text.split("\n", 1)[0] || name });
    return element("a", { href: url, target: "_blank", class: "picture" }, picture);
  }
  const about = element("span", {}, element("b", {}, name), element("small", {}, `${size(bytes)} · ${word("download")}`));
  return element("a", { href: url, download: name, class: "file" }, element("span", { class: "sheet", "aria-hidden": "true" }, icon("file")), about);
}

// The marks float in the last line of the words, as they do in Telegram.
function words(message, mine, acts) {
  const text = element("div", { class: "text" });
  if (message.text) text.append(formatted(message.text, message.entities, acts));
  text.append(marks(message, mine));
  return text;
}

function marks(message, mine) {
  const line = element("span", { class: "marks" });
  if (message.reactions.length) line.append(element("span", { class: "reactions" }, message.reactions.join(" ")));
  if (message.pinned) line.append(icon("pin", word("pinned")));
  if (message.edited_at) line.append(element("span", { title: moment(message.edited_at) }, word("edited")));
  if (message.from?.bot !== false) line.append(message.silent ? icon("mute", word("silent")) : icon("bell", word("sound")));
  line.append(element("time", { datetime: new Date(message.at).toISOString(), title: moment(message.at) }, clock(message.at)));
  if (mine) line.append(icon("ticks"));
  return line;
}

function keyboard(message, acts) {
  const rows = message.buttons.map((row) => element("div", { class: "row" }, ...row.map((button) => key(button, message, acts))));
  return element("div", { class: "keyboard" }, ...rows);
}

function key(button, message, acts) {
  const look = `key ${["danger", "success", "primary"].includes(button.style) ? button.style : ""}`;
  if (button.url && /^https?:\/\//i.test(button.url)) {
    const open = (event) => acts.open(button.url, event);
    return element("a", { class: look, href: button.url, target: "_blank", rel: "noopener noreferrer", onclick: open }, button.text, icon("away"));
  }
  if (button.copy_text) {
    return element("button", { type: "button", class: look, onclick: () => acts.copy(button.copy_text.text) }, button.text, icon("copy"));
  }
  const node = element("button", { type: "button", class: look }, button.text);
  node.disabled = button.callback_data === undefined;
  node.addEventListener("click", async () => {
    if (node.getAttribute("aria-busy") === "true") return;
    node.setAttribute("aria-busy", "true");
    await acts.press(message, button.callback_data);
    node.removeAttribute("aria-busy");
  });
  return node;
}
