/** How things stand: the connection, what the server runs on, and the sound, in words that are true. */

import { byId, icon, setText } from "./dom.js";
import { announce } from "./notices.js";

const STATES = Object.freeze({ connecting: "Connecting", open: "Connected", waiting: "No connection", closed: "Not connected" });
const PATIENCE = 2; // attempts after which a lost connection is more than a word in the corner
const EVERY = 250; // ms between two figures

export class Standing {
  #client;
  #status = null;
  #told = 0;
  #retry = null;

  /** @param {import("./client.js").Client} client */
  constructor(client) {
    this.#client = client;
    client.transcript.follow.addEventListener("change", () => this.#offerJump());
    this.typed();
  }

  /** The connection has another state. */
  connected({ state, attempt, retryIn, reason }) {
    const { banner, connection } = this.#client;
    const before = byId("connection").dataset.state;
    byId("connection").dataset.state = state === "connecting" && before === "waiting" ? "waiting" : state;
    setText(byId("connection-text"), STATES[byId("connection").dataset.state]);
    byId("connection").title = reason;
    clearInterval(this.#retry);
    if (state === "open") {
      banner.drop("connection");
      if (before === "waiting") announce("Connected again");
    } else if (state === "waiting" && attempt >= PATIENCE) {
      const until = performance.now() + 1000 * retryIn;
      const say = () => {
        const left = Math.max(0, Math.ceil((until - performance.now()) / 1000));
        const next = left > 1 ? `The next try is in ${left} s.` : "Trying again.";
        banner.hold("connection", { rank: 1, kind: "warning", text: `${sentence(reason)} ${next}`, label: "Try now", act: () => connection.open() });
      };
      say();
      this.#retry = setInterval(say, 1000);
      if (attempt === PATIENCE) announce(`No connection: ${reason}`);
    } else if (state === "closed" && reason) {
      const reload = /reload|token/.test(reason);
      const act = reload ? () => location.reload() : () => connection.open();
      banner.hold("connection", { rank: 0, kind: "error", text: sentence(reason), label: reload ? "Reload" : "Connect again", act });
    }
    this.#say();
    this.typed();
  }

  /** The server's Status. */
  show(status) {
    const { banner } = this.#client;
    this.#status = status;
    if (status.silent_because) banner.hold("silent", { rank: 4, kind: "warning", text: sentence(status.silent_because), closes: true });
    else banner.drop("silent");
    this.#say();
    this.tick(true);
  }

  /** The sound may be made or not, is held or not. */
  sound() {
    const { banner, player, speech, controls } = this.#client;
    const waits = speech.message !== null && !player.unlocked;
    if (waits) {
      const text = "The reply is being spoken, but this browser wants a click or a key before it plays sound.";
      banner.hold("sound", { rank: 2, kind: "warning", text, label: "Hear it", act: () => player.unlock().catch(() => undefined) });
    } else {
      banner.drop("sound");
    }
    const state = waits ? "Sound waits for a click or a key" : speech.paused ? "Paused" : player.sounding ? "Sound is playing" : "No sound";
    controls.quiet(state);
    this.#say();
    this.tick(true);
  }

  /** What the Send button may do. */
  typed() {
    const { composer, banner, store } = this.#client;
    byId("send").disabled = !composer.text.trim();
    if (store.failed) banner.hold("store", { rank: 6, kind: "warning", text: store.failed, closes: true });
  }

  /** The figures of the moment. `now`: not only when it is time for them. */
  tick(now = false) {
    if (!now && performance.now() - this.#told < EVERY) return;
    this.#told = performance.now();
    const { player, speech, controls } = this.#client;
    const parts = [];
    if (speech.message !== null) {
      controls.quiet(player.sounding ? "Sound is playing" : speech.paused ? "Paused" : player.unlocked ? "No sound" : "Sound waits for a click or a key");
      parts.push(`${player.buffered().toFixed(1)} s ahead`);
    }
    if (player.underruns) parts.push(player.underruns === 1 ? "1 gap" : `${player.underruns} gaps`);
    const { context_used: used, context_length: length } = this.#status ?? {};
    if (used != null && length != null) parts.push(`${used} of ${length} tokens`);
    setText(byId("figures"), parts.join(" · "));
  }

  #say() {
    setText(byId("status"), this.#line());
  }

  /** What it runs on, or what it waits for. */
  #line() {
    const { connection, config, player } = this.#client;
    const status = this.#status;
    if (!status) return connection.state === "open" ? "Starting" : "Waiting for the server";
    if (status.progress) return `Loading ${status.progress}`;
    if (status.model_state === "loading") return `Loading ${status.model}; ask already, it is answered then`;
    if (status.model_state === "failed") return `The model ${status.model} could not be loaded`;
    const voice = status.voice_state === "loading" ? `loading ${status.voice}` : status.voice_state === "ready" ? status.voice : "no sound";
    const first = config.audio && !player.unlocked ? " · sound begins with your first click or key" : "";
    byId("status").title = status.model;
    return `${short(status.model).split(" (")[0]} · ${short(voice)}${status.persona ? ` · ${status.persona}` : ""}${first}`;
  }

  #offerJump() {
    const { follow } = this.#client.transcript;
    const { direction } = follow;
    const button = byId("jump");
    button.hidden = !follow.away || !direction;
    if (button.hidden) return;
    const word = follow.mode === "word" && this.#client.speech.message !== null;
    setText(byId("jump-text"), word ? "To the spoken word" : "Newest text");
    button.querySelector("svg")?.remove();
    button.prepend(icon(direction));
  }
}

const short = (name) => name.split("/").at(-1);

function sentence(text) {
  return `${text[0].toUpperCase()}${text.slice(1)}${/[.!?…]$/.test(text) ? "" : "."}`;
}
