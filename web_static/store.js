/**
 * What this browser keeps: settings, and conversations that are not in the server's history. It never throws for a full
 * or forbidden store: `failed` says then why nothing is kept.
 */

const SETTINGS = "speakstream.settings";
const INDEX = "speakstream.chats";
const CHAT = "speakstream.chat.";
const PRESENT = "speakstream.present";
const MOST_CHATS = 50;

export class Store {
  /** One line; "" while all is kept. */
  failed = "";
  /** Messages of a conversation that are kept at most, from the server's /config. */
  limit = 200;

  /** Settings that the person chose; those never chosen are undefined. */
  settings() {
    return this.#read(SETTINGS, {});
  }

  /** Keeps another value of a setting. */
  set(name, value) {
    this.#write(SETTINGS, { ...this.settings(), [name]: value });
  }

  /** The conversation that this tab shows; in a new tab the one shown last anywhere. "" for none. */
  get present() {
    try {
      return sessionStorage.getItem(PRESENT) ?? localStorage.getItem(PRESENT) ?? "";
    } catch {
      return "";
    }
  }

  /** "" begins a new one. */
  set present(id) {
    try {
      sessionStorage.setItem(PRESENT, id);
      localStorage.setItem(PRESENT, id);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** The name under which a conversation is in the browser's store: for those who hear that it has changed. */
  keyOf(id) {
    return CHAT + id;
  }

  /** A number for a new conversation: no two are the same, in any tab. */
  fresh() {
    return Array.from(crypto.getRandomValues(new Uint32Array(2)), (part) => part.toString(36)).join("");
  }

  /** The conversations, the newest first; `query`: those that have all of these words. */
  list(query = "") {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    const chats = this.#read(INDEX, []).filter((chat) => !chat.deleted);
    const found = words.length ? chats.flatMap((chat) => this.#hit(chat, words)) : chats;
    return found.sort((a, b) => b.updated - a.updated);
  }

  #hit(chat, words) {
    const texts = [chat.title, ...this.load(chat.id).map((message) => message.text)];
    const all = texts.join("\n").toLowerCase();
    if (!words.every((word) => all.includes(word))) return [];
    const text = texts.slice(1).find((one) => one.toLowerCase().includes(words[0])) ?? "";
    const at = text.toLowerCase().indexOf(words[0]);
    const from = Math.max(0, at - 30);
    const excerpt = at < 0 ? "" : `${from ? "…" : ""}${text.slice(from, at + 60).replace(/\s+/g, " ")}…`;
    return [{ ...chat, excerpt }];
  }

  /** The messages of a conversation; [] when there is none. */
  load(id) {
    return id ? this.#read(CHAT + id, []) : [];
  }

  /** Keeps the newest messages of a conversation. `title`: what it is called unless it was renamed. */
  save(id, title, messages) {
    if (!messages.length) return;
    const kept = messages.slice(-this.limit).map(keptOf);
    const index = this.#read(INDEX, []);
    const old = index.find((chat) => chat.id === id);
    const entry = { id, title: old?.renamed ? old.title : title, renamed: old?.renamed ?? false, updated: Date.now() / 1000, messages: messages.length };
    const others = index.filter((chat) => chat.id !== id).sort((a, b) => b.updated - a.updated);
    for (const chat of others.splice(MOST_CHATS - 1)) this.#drop(CHAT + chat.id);
    while (!this.#write(CHAT + id, kept) && others.length) this.#drop(CHAT + others.pop().id); // the oldest make room
    this.#write(INDEX, [entry, ...others]);
  }

  /** Gives a conversation another title. */
  rename(id, title) {
    this.#change(id, { title, renamed: true });
  }

  /** Takes a conversation out of the list; `undo` puts it back. It is gone for good when the page is left. */
  delete(id, undo = false) {
    this.#change(id, { deleted: !undo });
  }

  /** Forgets what was deleted before. */
  sweep() {
    const index = this.#read(INDEX, []);
    const gone = index.filter((chat) => chat.deleted);
    if (!gone.length) return;
    for (const chat of gone) this.#drop(CHAT + chat.id);
    this.#write(INDEX, index.filter((chat) => !chat.deleted));
  }

  #change(id, fields) {
    this.#write(INDEX, this.#read(INDEX, []).map((chat) => (chat.id === id ? { ...chat, ...fields } : chat)));
  }

  #read(key, otherwise) {
    try {
      const text = localStorage.getItem(key);
      const value = text === null ? otherwise : JSON.parse(text);
      return Array.isArray(value) === Array.isArray(otherwise) && value ? value : otherwise;
    } catch {
      return otherwise; // forbidden, or written by something else
    }
  }

  #write(key, value) {
    try {
      localStorage.setItem(key, JSON.stringify(value));
      this.failed = "";
      return true;
    } catch (error) {
      this.#fail(error);
      return false;
    }
  }

  #drop(key) {
    try {
      localStorage.removeItem(key);
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error) {
    this.failed = error.name === "QuotaExceededError"
      ? "This browser's store is full: delete conversations to keep new ones."
      : "This browser keeps nothing for this page: conversations are gone when it is closed.";
  }
}

function keptOf({ role, text, blocks, heard, reason, error, model, voice, created, metrics, silents }) {
  const { token_times: _times, segments: _segments, ...figures } = metrics;
  return { role, text, blocks, heard, reason, error, model, voice, created, metrics: figures, silents };
}
