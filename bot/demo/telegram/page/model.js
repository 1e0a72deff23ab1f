// What the server has told so far: chats, places (a chat or one topic of it), messages, and what was read.

export class Model {
  constructor() {
    this.state = null;
    this.messages = new Map(); // place key -> Map(message id -> message)
    this.read = new Map(); // place key -> highest message id seen
  }

  // Takes a state in; an unchanged message keeps its identity, so that its node on the page can stay.
  apply(state) {
    const before = state.full ? this.messages : null;
    if (state.full) this.messages = new Map();
    const first = this.state === null;
    this.state = state;
    for (const message of state.messages) this.#put(message, before);
    if (first) for (const key of this.messages.keys()) this.seen(key);
  }

  #put(message, before) {
    const key = placeKey(message.chat, message.thread);
    if (!this.messages.has(key)) this.messages.set(key, new Map());
    const known = before?.get(key)?.get(message.id);
    const list = this.messages.get(key);
    if (message.deleted) list.delete(message.id);
    else list.set(message.id, known && JSON.stringify(known) === JSON.stringify(message) ? known : message);
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
    this.read.set(key, this.last(key)?.id ?? 0);
  }

  unread(key) {
    const seen = this.read.get(key) ?? 0;
    return this.list(key).filter((message) => message.id > seen && message.from?.id !== this.state.me).length;
  }
}

export const placeKey = (chat, thread) => `${chat}/${thread ?? 0}`;
