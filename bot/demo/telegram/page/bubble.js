// One message as a list item: words, picture or file, reply, buttons, marks.

import { element, formatted } from "./text.js";
import { clock, moment, size, word } from "./words.js";

// `acts` has command(text), copy(text), press(message, data), reply(message), jump(id).
export function bubble(message, me, acts) {
  if (message.service) return element("li", { class: "service", "data-id": message.id }, service(message));
  const mine = message.from?.id === me;
  const body = element("div", { class: "bubble" });
  if (!mine) body.append(element("p", { class: "name" }, message.from?.name ?? ""));
  if (message.reply) body.append(quoted(message.reply, acts));
  if (message.media) body.append(media(message));
  if (message.text) body.append(element("div", { class: "text" }, formatted(message.text, message.entities, acts)));
  body.append(marks(message, acts));
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
  return element("button", { type: "button", class: "quoted", onclick: jump }, element("b", {}, reply.name), element("span", {}, reply.text));
}

function media(message) {
  const { kind, url, name, size: bytes, width, height } = message.media;
  if (kind === "photo") {
    const picture = element("img", { src: url, width, height, loading: "lazy", alt: message.text.split("\n", 1)[0] || name });
    return element("a", { href: url, target: "_blank", class: "picture" }, picture);
  }
  return element("a", { href: url, download: name, class: "file" }, "📄 ", element("b", {}, name), ` ${size(bytes)}`);
}

function marks(message, acts) {
  const line = element("p", { class: "marks" });
  if (message.pinned) line.append(mark("📌", "pinned"));
  if (message.reactions.length) line.append(element("span", { class: "reactions" }, message.reactions.join(" ")));
  line.append(element("button", { type: "button", class: "reply", "aria-label": word("reply"), title: word("reply"), onclick: () => acts.reply(message) }, "↩"));
  if (message.edited_at) line.append(element("span", { title: moment(message.edited_at) }, word("edited")));
  if (message.from?.bot !== false) line.append(message.silent ? mark("🔕", "silent") : mark("🔔", "sound"));
  line.append(element("time", { datetime: new Date(message.at).toISOString(), title: moment(message.at) }, clock(message.at)));
  return line;
}

const mark = (sign, key) => element("span", { role: "img", "aria-label": word(key), title: word(key) }, sign);

function keyboard(message, acts) {
  const rows = message.buttons.map((row) => element("div", { class: "row" }, ...row.map((button) => key(button, message, acts))));
  return element("div", { class: "keyboard" }, ...rows);
}

function key(button, message, acts) {
  const look = `key ${["danger", "success", "primary"].includes(button.style) ? button.style : ""}`;
  if (button.url && /^https?:\/\//i.test(button.url)) {
    return element("a", { class: look, href: button.url, target: "_blank", rel: "noopener noreferrer" }, `${button.text} ↗`);
  }
  if (button.copy_text) {
    return element("button", { type: "button", class: look, onclick: () => acts.copy(button.copy_text.text) }, `${button.text} ⧉`);
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
