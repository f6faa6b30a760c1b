/** The conversation as the page knows it: what the server's messages make of it. No DOM. */

/** A message as the page keeps it, of one that the server showed. */
export function received(shown) {
  return { ...shown, blocks: [...shown.blocks], silents: [], metrics: shown.metrics ?? {} };
}

/** A message as the store keeps it: one that was being written when it was stored was cut off there. */
export function restored(kept) {
  const reason = kept.reason === "writing" ? "interrupted" : kept.reason;
  return { error: "", model: "", voice: "", created: 0, metrics: {}, silents: [], ...kept, id: null, reason };
}

export class Conversation {
  /** @type {import("./message.js").Message[]} */
  messages = [];
  /** The server's number of it; null: it is not in the server's history. */
  id = null;
  /** Messages before those that are shown. */
  older = 0;
  #own = 0; // messages at the beginning that the server does not know

  /** Begins with what was kept here; the server is told of it by `restore`. */
  begin(messages = []) {
    this.messages = messages;
    this.id = null;
    this.older = 0;
    this.#own = messages.length;
  }

  /** The connection is a new one, of which the server knows nothing: until it shows something, all of it is ours. */
  forgotten() {
    for (const message of this.messages) {
      message.id = null;
      if (message.reason === "writing") message.reason = "interrupted";
    }
    this.#own = this.messages.length;
  }

  /**
   * The newest messages, as many as fit into a frame of `bytes`, as Hello.restore has them.
   * @returns {{role: string, text: string, heard: number|null}[]}
   */
  restore(bytes) {
    const encoder = new TextEncoder();
    const kept = [];
    let left = bytes;
    for (const { role, text, heard, reason } of [...this.messages].reverse()) {
      if (!text && role === "assistant") continue;
      const cut = role === "assistant" && reason === "interrupted";
      const one = { role, text, heard: cut ? heard : null };
      left -= encoder.encode(JSON.stringify(one)).length + 1;
      if (left < 0) break;
      kept.unshift(one);
    }
    return kept;
  }

  /** The server shows these now: a conversation that was opened, begun, restored or gone on with after a break. */
  opened({ conversation, messages, older }) {
    const before = this.messages;
    const fresh = messages.map(received);
    const own = this.#ownBefore(fresh, conversation);
    this.messages = [...own, ...fresh.map((message) => joined(message, before))];
    this.#own = own.length;
    this.id = conversation;
    this.older = older;
  }

  /** Messages of ours that stand before those the server shows: too many to be sent to it again. */
  #ownBefore(fresh, conversation) {
    if (conversation !== null || !this.#own) return [];
    const own = this.messages.slice(0, this.#own);
    if (!fresh.length) return this.messages.length === this.#own ? own : [];
    const same = (a, b) => a.role === b.role && a.text === b.text;
    for (let first = 0; first < own.length; first += 1) {
      const rest = own.slice(first).filter((message) => message.text);
      if (rest.length && rest.every((message, number) => fresh[number] && same(message, fresh[number]))) {
        return own.slice(0, first);
      }
    }
    return this.messages.length > this.#own ? own : [];
  }

  /** @returns {Object} the message that was added */
  added({ message, conversation }) {
    this.id = conversation;
    const fresh = received(message);
    this.messages.push(fresh);
    return fresh;
  }

  /** @returns {Object|undefined} the message that has grown */
  grown({ message, delta, first, blocks }) {
    const found = this.find(message);
    if (!found) return undefined;
    found.text += delta;
    found.blocks.splice(first, found.blocks.length, ...blocks);
    return found;
  }

  /** @returns {Object|undefined} the message of which a part is not read aloud */
  silent({ message, start, end, why }) {
    const found = this.find(message);
    if (found && !found.silents.some((one) => one.start === start && one.end === end)) found.silents.push({ start, end, why });
    return found;
  }

  /** @returns {Object|undefined} the message that is complete */
  ended({ message }) {
    const found = this.find(message.id);
    if (!found) return undefined;
    const { text, blocks, silents, metrics } = found;
    Object.assign(found, message, { text, blocks, silents, metrics: { ...metrics, ...message.metrics } });
    return found;
  }

  /** The message with the server's number `id`. */
  find(id) {
    return id === null ? undefined : this.messages.find((message) => message.id === id);
  }

  /** The last message with this role; undefined: there is none. */
  newest(role) {
    return this.messages.findLast((message) => message.role === role);
  }

  /** The reply that is being written; undefined: none. */
  get writing() {
    return this.messages.find((message) => message.reason === "writing");
  }

  /** What it is called: its first prompt, shortened. */
  get title() {
    const first = this.messages.find((message) => message.role === "user")?.text.trim().replace(/\s+/g, " ") ?? "";
    return first.length > 60 ? `${first.slice(0, 59)}…` : first;
  }
}

/** A message that was shown before keeps what the page alone knows of it. */
function joined(message, before) {
  const old = before.find((one) => one.id === message.id && one.role === message.role)
    ?? before.find((one) => one.id === null && one.role === message.role && one.text === message.text);
  if (!old) return message;
  const { silents, metrics } = old;
  return Object.assign(old, message, { silents, metrics: { ...metrics, ...message.metrics } });
}
