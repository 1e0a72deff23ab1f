// What the server has told so far: chats, places (a chat or one topic of it), messages, and what was read.

export class Model {
  constructor() {
    this.state = null;
    this.messages = new Map(); // place key -> Map(message id -> message)
    this.read = {}; // place key -> highest message id seen
  }

  // Takes a state in and gives the messages that are new since the last one. An unchanged message keeps its
  // identity, so that its node on the page can stay.
  apply(state) {
    const before = state.full ? this.messages : null;
    if (state.full) this.messages = new Map();
    const first = this.state === null;
    this.state = state;
    if (first) this.read = JSON.parse(sessionStorage.getItem(this.#kept) ?? "{}");
    const fresh = state.messages.filter((message) => this.#put(message, before));
    return first ? [] : fresh;
  }

  // Whether the message was not known before.
  #put(message, before) {
    const key = placeKey(message.chat, message.thread);
    if (!this.messages.has(key)) this.messages.set(key, new Map());
    const list = this.messages.get(key);
    const known = list.get(message.id) ?? before?.get(key)?.get(message.id);
    if (message.deleted) list.delete(message.id);
    else list.set(message.id, known && JSON.stringify(known) === JSON.stringify(message) ? known : message);
    return !known && !message.deleted;
  }

  places() {
    return this.state.chats.flatMap((chat) => {
      const threads = chat.topics.length ? [{ id: null, name: null, closed: false }, ...chat.topics] : [null];
      return threads.map((topic) => ({ key: placeKey(chat.id, topic?.id ?? null), chat, topic }));
    });
  }

  list(key) {
    return [...(this.messages.get(key)?.values() ?? [])].sort((a, b) => a.id - b.id);
  }

  last(key) {
    return this.list(key).at(-1) ?? null;
  }

  seen(key) {
    const last = this.last(key)?.id ?? 0;
    if (this.read[key] === last) return;
    this.read[key] = last;
    sessionStorage.setItem(this.#kept, JSON.stringify(this.read));
  }

  unread(key) {
    const seen = this.read[key] ?? 0;
    return this.list(key).filter((message) => message.id > seen && message.from?.id !== this.state.me).length;
  }

  // Of one person on one server: another run of the demo begins its numbers anew.
  get #kept() {
    return `read ${this.state.born} ${this.state.me}`;
  }
}

export const placeKey = (chat, thread) => `${chat}/${thread ?? 0}`;
