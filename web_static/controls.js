/**
 * Voice, speed, volume and their kin, and the transport. Keeps what the person chose.
 *
 * Events: "set" {…fields of Set}, "previous", "next", "pause", "stop".
 */

import { byId, icon, make, setText } from "./dom.js";
import * as theme from "./theme.js";

const BARS = 7;
const QUIETEST_DB = -48; // at which the meter begins to move

export class Controls extends EventTarget {
  #store;
  #player;
  #config;
  #bars;
  #levels = new Array(BARS).fill(0);
  #state = "";

  /**
   * @param {import("./store.js").Store} store
   * @param {import("./player.js").Player} player
   * @param {Object} config the server's /config
   */
  constructor(store, player, config) {
    super();
    this.#store = store;
    this.#player = player;
    this.#config = config;
    const kept = store.settings();
    this.speed = kept.speed ?? config.speed.default;
    this.#fill();
    this.#setVolume(kept.volume ?? config.volume);
    this.#setMuted(kept.muted ?? false);
    this.#bars = Array.from({ length: BARS }, () => make("span"));
    byId("meter").replaceChildren(...this.#bars);
    for (const name of ["previous", "next", "pause", "stop"]) byId(name).addEventListener("click", () => this.#tell(name));
    this.transport({ state: "idle" });
  }

  /** What the person chose and the server does not have, as fields of Set; {}: nothing. */
  wanted(status) {
    const { voice, speed, persona } = this.#store.settings();
    const names = this.#config.voices.map((one) => one.name);
    const fields = {};
    if (speed !== undefined && speed !== status.speed) fields.speed = speed;
    if (voice !== undefined && voice !== status.voice && names.includes(voice)) fields.voice = voice;
    const known = persona === "" || this.#config.personas.some((one) => one.name === persona);
    if (persona !== undefined && persona !== status.persona && known) fields.persona = persona;
    return fields;
  }

  /** The server's Status. */
  show(status) {
    this.speed = status.speed;
    byId("speed").value = status.speed;
    setText(byId("speed-value"), `${status.speed.toFixed(1)}×`);
    select(byId("voice"), status.voice);
    select(byId("persona"), status.persona);
    select(byId("model"), status.model);
    const voice = status.voice.split("/").at(-1);
    setText(byId("sound-text"), status.voice_state === "off" ? "no sound" : `${voice} ${Number(status.speed.toFixed(1))}×`);
  }

  /** Speaks faster or slower by `step`. */
  faster(step) {
    const { min, max } = this.#config.speed;
    this.#setSpeed(Math.min(max, Math.max(min, Math.round((this.speed + step) * 10) / 10)));
  }

  /** Silence, or sound again. */
  mute(muted = !this.#player.muted) {
    this.#setMuted(muted);
    this.#store.set("muted", muted);
  }

  get muted() {
    return this.#player.muted;
  }

  /**
   * What the transport offers.
   * @param {{state: "idle"|"speaking"|"paused", stops?: boolean}} now `stops`: there is something to stop
   */
  transport({ state, stops = false }) {
    if (this.#state === `${state}${stops}`) return;
    this.#state = `${state}${stops}`;
    for (const name of ["previous", "next", "pause"]) byId(name).disabled = state === "idle";
    const label = state === "paused" ? "Go on" : "Pause";
    byId("pause").replaceChildren(icon(state === "paused" ? "play" : "pause"));
    byId("pause").setAttribute("aria-label", label);
    byId("pause").title = `${label} (Ctrl+Space)`;
    const had = document.activeElement === byId("stop");
    byId("stop").hidden = !stops;
    if (had && !stops) byId("prompt").focus({ preventScroll: true });
  }

  /** Moves the meter; to be called with each frame while something sounds. */
  level(level) {
    const loudness = level > 0 ? Math.max(0, 1 - (20 * Math.log10(Math.max(level, 1e-6))) / QUIETEST_DB) : 0;
    this.#levels.shift();
    this.#levels.push(Math.min(1, loudness * 1.25));
    this.#bars.forEach((bar, number) => (bar.style.transform = `scaleY(${Math.max(0.08, this.#levels[number]).toFixed(3)})`));
  }

  /** The meter rests. */
  quiet(label) {
    if (byId("meter").getAttribute("aria-label") !== label) byId("meter").setAttribute("aria-label", label);
    byId("meter").dataset.state = label === "Sound is playing" ? "sounds" : "";
    if (label !== "Sound is playing") {
      this.#levels.fill(0);
      for (const bar of this.#bars) bar.style.transform = "scaleY(0.08)";
    }
  }

  #fill() {
    const config = this.#config;
    options("voice", config.voices.map((one) => [one.name, one.description ? `${one.name}: ${one.description}` : one.name]));
    options("persona", [["", "none"], ...config.personas.map((one) => [one.name, `${one.name}: ${one.description}`])]);
    options("model", config.models.map((name) => [name, name]));
    byId("model-field").hidden = config.models.length < 2;
    byId("speed").min = config.speed.min;
    byId("speed").max = config.speed.max;
    byId("speed").addEventListener("input", (event) => setText(byId("speed-value"), `${Number(event.target.value).toFixed(1)}×`));
    byId("speed").addEventListener("change", (event) => this.#setSpeed(Number(event.target.value)));
    byId("volume").addEventListener("input", (event) => {
      this.#setVolume(event.target.value / 100);
      this.mute(false);
    });
    byId("volume").addEventListener("change", (event) => this.#store.set("volume", event.target.value / 100));
    byId("mute").addEventListener("change", (event) => this.mute(event.target.checked));
    for (const name of ["voice", "persona", "model"]) {
      byId(name).addEventListener("change", (event) => {
        if (name !== "model") this.#store.set(name, event.target.value);
        this.#tell("set", { [name]: event.target.value });
      });
    }
    byId("theme").value = theme.chosen();
    byId("theme").addEventListener("change", (event) => theme.choose(event.target.value));
  }

  #setSpeed(speed) {
    this.speed = speed;
    byId("speed").value = speed;
    setText(byId("speed-value"), `${speed.toFixed(1)}×`);
    this.#store.set("speed", speed);
    this.#tell("set", { speed });
  }

  #setVolume(volume) {
    this.#player.volume = volume;
    byId("volume").value = Math.round(volume * 100);
    setText(byId("volume-value"), `${Math.round(volume * 100)} %`);
  }

  #setMuted(muted) {
    this.#player.muted = muted;
    byId("mute").checked = muted;
    byId("meter").classList.toggle("muted", muted);
  }

  #tell(name, detail = {}) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

function options(id, pairs) {
  byId(id).replaceChildren(...pairs.map(([value, text]) => make("option", { value }, text)));
}

/** Chooses what the server has, also when it was not offered. */
function select(box, value) {
  if (box.value === value || document.activeElement === box) return;
  if (![...box.options].some((option) => option.value === value)) box.append(make("option", { value }, value));
  box.value = value;
}
