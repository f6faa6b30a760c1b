/**
 * The connection to the server: typed messages, sound, and coming back after it was lost, where it was.
 *
 * Events: "state" {state, attempt, retryIn, reason}, "message" (one of the server's), "frame" {speech, sequence, first,
 * pcm}, "sent" (one of ours), "rtt" {seconds, jitter}.
 */

const FIRST_RETRY = 0.25; // seconds
const LONGEST_RETRY = 10;
const PING_SECONDS = 5;
const DEAD_SECONDS = 12; // without a word from the server
const HEADER = 12; // bytes of a binary frame: speech, sequence, first sample

/** Why a connection ended, by its close code. `final`: it does not come back by itself. */
const REASONS = {
  1008: { final: true, reason: "the server does not accept this page; reload it" },
  1009: { reason: "a message was too long" },
  1012: { reason: "the server is being restarted" },
  1013: { reason: "the server is full" },
  4000: { final: true, reason: "nothing happened for a long time" },
  4001: { reason: "the connection is too slow" },
  4002: { reason: "too many messages at once" },
  4003: { final: true, reason: "this conversation goes on in another window" },
  4401: { final: true, reason: "the access token is no longer valid" },
};

export class Connection extends EventTarget {
  /** "connecting", "open", "waiting" (for the next attempt) or "closed" */
  state = "closed";
  /** Since the page was opened: bytes that came, and how many of them are samples. */
  bytes = { received: 0, sound: 0, sent: 0 };

  #url;
  #hello;
  #received;
  #socket = null;
  #session = "";
  #attempt = 0;
  #retry = null;
  #ping = null;
  #lastWord = 0;
  #pings = new Map(); // id -> when it was sent
  #pinged = 0;
  #rtts = [];
  #unsent = null; // the prompt that was sent while there was no connection
  #problem = ""; // what the server said before it closed

  /**
   * @param {{url: string, hello: () => Object, received?: () => {speech: number, samples: number}}} options
   *   `hello` gives the fields of Hello, without those of a session to go on with; `received` what came of its sound
   */
  constructor({ url, hello, received = () => ({ speech: 0, samples: 0 }) }) {
    super();
    this.#url = url;
    this.#hello = hello;
    this.#received = received;
    addEventListener("online", () => this.#hurry());
    document.addEventListener("visibilitychange", () => !document.hidden && this.#hurry());
    addEventListener("pagehide", () => this.close());
    addEventListener("pageshow", (event) => event.persisted && this.open());
  }

  /** The session, to go on with; "": none. */
  get session() {
    return this.#session;
  }

  /** Connects. */
  open() {
    if (this.#socket) return;
    clearTimeout(this.#retry);
    this.#tell("connecting");
    const socket = new WebSocket(this.#url);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    let opened = false;
    socket.addEventListener("open", () => {
      opened = true;
      this.#lastWord = performance.now();
      this.#transmit({
        type: "hello", version: 1, ...this.#hello(), session: this.#session, ...(this.#session ? this.#received() : {}),
      });
    });
    socket.addEventListener("message", ({ data }) => socket === this.#socket && this.#take(data));
    socket.addEventListener("close", ({ code, reason }) => socket === this.#socket && this.#lost(code, reason, opened));
  }

  /** Leaves for good. */
  close() {
    clearTimeout(this.#retry);
    clearInterval(this.#ping);
    const socket = this.#socket;
    this.#socket = null;
    this.#session = "";
    if (socket?.readyState === WebSocket.OPEN) socket.send('{"type":"bye"}');
    socket?.close(1000);
    this.#tell("closed");
  }

  /** Begins a new session at once: with other fields of Hello. */
  renew() {
    this.close();
    this.open();
  }

  /**
   * Sends a message. Without a connection a prompt waits for the next one; anything else is about what is over then.
   * @returns {boolean} whether it was sent, or will be
   */
  send(type, fields = {}) {
    if (this.state === "open") {
      this.#transmit({ type, ...fields });
      return true;
    }
    if (type !== "ask" && type !== "edit") return false;
    this.#unsent = { type, ...fields };
    return true;
  }

  /** Sends a frame as it is, whatever it is: for the page that shows the frames. */
  sendRaw(text) {
    this.bytes.sent += text.length;
    this.#socket?.send(text);
  }

  /** Loses the connection as if the network had: the session goes on with the next one. */
  break() {
    this.#socket?.close(4999);
  }

  #transmit(message) {
    const text = JSON.stringify(message);
    this.bytes.sent += text.length;
    this.#socket.send(text);
    this.dispatchEvent(new CustomEvent("sent", { detail: message }));
  }

  #take(data) {
    this.#lastWord = performance.now();
    if (data instanceof ArrayBuffer) {
      this.bytes.received += data.byteLength;
      this.bytes.sound += data.byteLength - HEADER;
      const header = new DataView(data);
      const [speech, sequence, first] = [0, 4, 8].map((at) => header.getUint32(at, true));
      const detail = { speech, sequence, first, pcm: samples(data) };
      this.dispatchEvent(new CustomEvent("frame", { detail }));
      return;
    }
    this.bytes.received += data.length;
    const message = JSON.parse(data);
    if (message.type === "welcome") this.#welcome(message);
    else if (message.type === "pong") this.#pong(message.id);
    else if (message.type === "error" && message.about === "hello") this.#problem = message.text;
    this.dispatchEvent(new CustomEvent("message", { detail: message }));
    if (message.type === "opened" && this.#unsent) {
      const unsent = this.#unsent;
      this.#unsent = null;
      this.#transmit(unsent);
    }
  }

  #welcome({ session }) {
    this.#session = session;
    this.#attempt = 0;
    this.#problem = "";
    this.#pings.clear();
    this.#rtts = [];
    this.#tell("open");
    clearInterval(this.#ping);
    this.#ping = setInterval(() => this.#keepAlive(), 1000 * PING_SECONDS);
    this.#sendPing();
  }

  #keepAlive() {
    if (performance.now() - this.#lastWord > 1000 * DEAD_SECONDS) {
      const socket = this.#socket;
      this.#lost(1006, "", true);
      socket.close();
    } else {
      this.#sendPing();
    }
  }

  #sendPing() {
    this.#pinged += 1;
    this.#pings.set(this.#pinged, performance.now());
    this.#transmit({ type: "ping", id: this.#pinged });
  }

  #pong(id) {
    const sent = this.#pings.get(id);
    if (sent === undefined) return;
    this.#pings.delete(id);
    this.#rtts = [...this.#rtts, (performance.now() - sent) / 1000].slice(-8);
    const jitter = Math.max(...this.#rtts) - Math.min(...this.#rtts);
    this.dispatchEvent(new CustomEvent("rtt", { detail: { seconds: this.#rtts.at(-1), jitter } }));
    if (this.#rtts.length < 5) this.#sendPing(); // how much they vary is known soon
  }

  async #lost(code, reason, opened) {
    this.#socket = null;
    clearInterval(this.#ping);
    const known = REASONS[code];
    const words = this.#problem || known?.reason || reason || "the server cannot be reached";
    if (code === 1000) return this.#tell("closed", 0, reason);
    if (known?.final) return this.#tell("closed", 0, words);
    if (!opened && (await this.#refused())) return this.#tell("closed", 0, REASONS[4401].reason);
    if (this.#socket) return; // opened again meanwhile
    const wait = Math.min(FIRST_RETRY * 2 ** this.#attempt, LONGEST_RETRY) * (0.75 + Math.random() / 2);
    this.#attempt += 1;
    this.#tell("waiting", wait, words);
    this.#retry = setTimeout(() => this.open(), 1000 * wait);
  }

  /** Whether the server is there and wants another token: a refused WebSocket does not say so. */
  async #refused() {
    try {
      return (await fetch("/config", { cache: "no-store" })).status === 401;
    } catch {
      return false;
    }
  }

  /** Try again now. */
  #hurry() {
    if (this.state === "waiting") {
      this.#attempt = 0;
      this.open();
    }
  }

  #tell(state, retryIn = 0, reason = "") {
    this.state = state;
    this.dispatchEvent(new CustomEvent("state", { detail: { state, attempt: this.#attempt, retryIn, reason } }));
  }
}

/** The samples of a binary frame, which are little-endian. */
function samples(data) {
  const length = (data.byteLength - HEADER) >> 1;
  if (new Uint8Array(new Uint16Array([1]).buffer)[0] === 1) return new Int16Array(data, HEADER, length);
  const view = new DataView(data, HEADER);
  return Int16Array.from({ length }, (_, at) => view.getInt16(2 * at, true));
}

/** Where the server's socket is, for a page of its own. */
export function socketUrl(path = "/ws") {
  const url = new URL(path, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}
