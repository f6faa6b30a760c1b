/**
 * Plays one speech at a time, as its frames come, and knows which sample a person hears at this moment.
 *
 * The sound goes through an AudioWorklet (worklet.js), or where there is none through scheduled.js. Places count samples
 * from the beginning of a speech.
 *
 * Events: "started" (the first sample is heard), "position" (every 100 ms while it plays), "underrun", "ended" (the last
 * sample was heard), "state" (unlocked or not, paused or not, sounding or not).
 */

import { Jitter } from "./jitter.js";
import { Scheduled } from "./scheduled.js";

export const POSITION_MS = 100;

const FADE_MS = 50; // for the fade, and what the sound card holds

const NOTHING = { speech: 0, played: 0, queued: 0, sounding: false, starved: false, over: true, underruns: 0, time: 0 };
const SMOOTH = 0.005; // seconds in which the volume changes
const GESTURES = ["click", "keydown", "touchend"]; // in which a browser lets sound begin

export class Player extends EventTarget {
  /** How much sound there must be before a speech begins. */
  jitter = new Jitter();
  /** Times that a speech ran dry. */
  underruns = 0;
  /** "worklet", or "scheduled" where there is none. */
  way = "";

  #context = null;
  #back = null; // {post}
  #waiting = []; // what is for the worklet until it is loaded
  #gain = null;
  #meter = null;
  #wave = null;
  #volume = 1;
  #muted = false;
  #rate;
  #speech = 0;
  #received = 0; // samples of it without a gap
  #total = null;
  #ended = true;
  #paused = false;
  #started = false;
  #ending = false;
  #furthest = 0; // the position told last: it never goes back
  #report = NOTHING;
  #timer = null;

  /** @param {{sampleRate?: number}} options  Hz of what will most likely be played */
  constructor({ sampleRate = 24000 } = {}) {
    super();
    this.#rate = sampleRate || 24000;
    document.addEventListener("visibilitychange", () => this.#wake());
    navigator.mediaDevices?.addEventListener?.("devicechange", () => this.#wake());
    for (const gesture of GESTURES) document.addEventListener(gesture, () => this.#wake(), { capture: true, passive: true });
  }

  /** The context, once there is one: for those who look at it. */
  get context() {
    return this.#context;
  }

  /** Whether sound may be made: browsers want a click, a tap or a key first. */
  get unlocked() {
    return this.#context?.state === "running";
  }

  get paused() {
    return this.#paused;
  }

  /** Whether something sounds right now. */
  get sounding() {
    return this.unlocked && this.#report.sounding;
  }

  /** To be called in a click, a tap or a key. */
  async unlock() {
    this.#open(this.#rate);
    if (!this.unlocked) await this.#context.resume();
  }

  /** A speech begins; what is left of another one is dropped. */
  begin(speech, sampleRate, paused = false) {
    this.#rate = sampleRate;
    this.#open(sampleRate);
    this.#speech = speech;
    this.#received = this.#furthest = 0;
    this.#total = null;
    this.#ended = this.#started = this.#ending = false;
    this.#paused = paused;
    this.jitter.begin();
    this.#report = { ...NOTHING, speech, over: false, underruns: this.#report.underruns };
    this.#post({ type: "begin", speech, rate: sampleRate, paused, target: this.#target() });
    this.#timer ??= setInterval(() => this.#tick(), POSITION_MS);
    this.#tell("state");
    if (!this.unlocked) this.#wake();
  }

  /**
   * Sound of the speech. What is here already is left out.
   * @param {{speech: number, first: number, pcm: Int16Array}} frame
   */
  push({ speech, first, pcm }) {
    if (speech !== this.#speech || this.#ended) return;
    const missing = first - this.#received;
    const known = Math.max(0, -missing);
    if (known >= pcm.length) return;
    const data = new Float32Array(pcm.length - known + Math.max(0, missing)); // a gap is silence: the rest keeps its time
    for (let from = known, to = Math.max(0, missing); from < pcm.length; from += 1, to += 1) data[to] = pcm[from] / 32768;
    this.jitter.arrived(performance.now() / 1000, first / this.#rate, this.#paused || !this.unlocked);
    this.#received += data.length;
    this.#report.queued += data.length;
    this.#post({ type: "samples", data, target: this.#target() }, [data.buffer]);
  }

  /** All of it has come: so many samples. */
  end(speech, samples) {
    if (speech !== this.#speech || this.#ended) return;
    this.#total = samples;
    this.#post({ type: "end", samples });
    if (samples === 0) this.#finish();
  }

  /** Silence at once, of this speech and all before. */
  silence(speech) {
    if (speech < this.#speech || this.#ended) return;
    this.#furthest = this.position();
    this.#post({ type: "silence" });
    this.#ended = true;
    this.#paused = false;
    this.#rest();
  }

  /** Holds the sound where it is. */
  pause() {
    if (this.#paused || this.#ended) return;
    this.#paused = true;
    this.#post({ type: "pause" });
    this.#tell("state");
  }

  /** Goes on from there. */
  resume() {
    if (!this.#paused) return;
    this.#paused = false;
    this.#post({ type: "resume" });
    this.#tell("state");
  }

  get volume() {
    return this.#volume;
  }

  set volume(volume) {
    this.#volume = Math.min(Math.max(volume, 0), 1);
    this.#setGain();
  }

  get muted() {
    return this.#muted;
  }

  set muted(muted) {
    this.#muted = muted;
    this.#setGain();
  }

  /** The sample of the speech that a person hears now: without what the sound card still holds. */
  position() {
    const { played, queued, sounding, time } = this.#report;
    if (!this.#context || this.#ended) return this.#furthest;
    const since = (this.#context.currentTime - time - this.#latency()) * this.#rate;
    const heard = played + Math.min(since, sounding ? queued : 0); // what is on its way to the ear is heard to its end
    this.#furthest = Math.max(this.#furthest, Math.min(Math.round(heard), this.#received));
    return this.#furthest;
  }

  /** Seconds of sound that came and were not heard. */
  buffered() {
    return this.#ended ? 0 : Math.max(0, this.#received - this.position()) / this.#rate;
  }

  /** RMS of what sounds, 0 to 1. */
  level() {
    if (!this.#meter || !this.sounding) return 0;
    this.#meter.getFloatTimeDomainData(this.#wave);
    let sum = 0;
    for (const sample of this.#wave) sum += sample * sample;
    return Math.sqrt(sum / this.#wave.length);
  }

  /** What there is of the newest speech: to go on with after a break. */
  received() {
    return { speech: this.#speech, samples: this.#received };
  }

  /** What the debug pages show. */
  report() {
    const context = this.#context;
    return {
      way: this.way,
      state: context?.state ?? "none",
      sampleRate: context?.sampleRate ?? 0,
      baseLatency: context?.baseLatency ?? 0,
      outputLatency: context?.outputLatency ?? 0,
      speech: this.#speech,
      received: this.#received,
      position: this.position(),
      buffered: this.buffered(),
      target: this.jitter.target,
      underruns: this.underruns,
      starved: this.#report.starved,
      paused: this.#paused,
      sounding: this.sounding,
    };
  }

  /** Gives the sound card back. */
  close() {
    this.#close();
    this.#ended = true;
    this.#rest();
  }

  // -- inside ---------------------------------------------------------------------------------------------

  #target() {
    return Math.round(this.jitter.target * this.#rate);
  }

  #latency() {
    return this.#context.outputLatency || this.#context.baseLatency || 0;
  }

  /** A context for this rate; the one that is there, if it has it. */
  #open(rate) {
    if (this.#context && (this.#context.sampleRate === rate || this.way === "scheduled")) return;
    this.#close();
    let context;
    try {
      context = new AudioContext({ sampleRate: rate, latencyHint: "interactive" });
    } catch {
      context = new AudioContext({ latencyHint: "interactive" }); // a rate that it refuses
    }
    this.#context = context;
    context.addEventListener("statechange", () => context === this.#context && this.#tell("state"));
    this.#gain = context.createGain();
    this.#gain.gain.value = this.#muted ? 0 : this.#volume;
    this.#meter = context.createAnalyser();
    this.#meter.fftSize = 1024;
    this.#wave = new Float32Array(this.#meter.fftSize);
    this.#gain.connect(this.#meter);
    this.#gain.connect(context.destination);
    if (context.audioWorklet && context.sampleRate === rate) this.#load(context);
    else this.#schedule(context);
  }

  async #load(context) {
    this.way = "worklet";
    try {
      await context.audioWorklet.addModule(new URL("./worklet.js", import.meta.url));
      if (context !== this.#context) return; // another one has taken its place meanwhile
      const node = new AudioWorkletNode(context, "ring", { numberOfInputs: 0, outputChannelCount: [1] });
      node.port.onmessage = ({ data }) => this.#heed(data);
      node.connect(this.#gain);
      this.#use({ post: (message, moved) => node.port.postMessage(message, moved) });
    } catch (error) {
      if (context !== this.#context) return;
      console.warn("no audio worklet:", error);
      this.#schedule(context);
    }
  }

  #schedule(context) {
    this.way = "scheduled";
    const back = new Scheduled(context, this.#gain);
    back.onstate = (report) => this.#heed(report);
    this.#use(back);
  }

  #use(back) {
    this.#back = back;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const [message, moved] of waiting) back.post(message, moved);
  }

  #post(message, moved = []) {
    if (this.#back) this.#back.post(message, moved);
    else this.#waiting.push([message, moved]);
  }

  #close() {
    const context = this.#context;
    this.#post({ type: "silence" });
    this.#context = this.#back = null;
    this.#waiting = [];
    this.#report = NOTHING; // the next one counts anew
    if (context) setTimeout(() => context.close(), FADE_MS); // a speech that sounds is faded out
  }

  #setGain() {
    const to = this.#muted ? 0 : this.#volume;
    if (this.#context) this.#gain.gain.setTargetAtTime(to, this.#context.currentTime, SMOOTH);
  }

  /** What the worklet tells. */
  #heed(report) {
    if (report.speech !== this.#speech || this.#ended) return;
    const before = this.#report;
    this.#report = report;
    if (report.starved && !before.starved) {
      this.jitter.starved();
      this.#post({ type: "target", target: this.#target() });
    }
    if (report.underruns > before.underruns) {
      this.underruns += report.underruns - before.underruns;
      this.#tell("underrun");
    }
    if (!this.#started && report.played > 0) this.#begins();
    if (report.over && !this.#ending) this.#closeToTheEnd();
  }

  #begins() {
    this.#started = true;
    const speech = this.#speech;
    setTimeout(() => speech === this.#speech && !this.#ended && this.#tell("started"), 1000 * this.#latency());
    this.#tell("state");
  }

  /** The last sample is on its way to the ear. */
  #closeToTheEnd() {
    this.#ending = true;
    const speech = this.#speech;
    setTimeout(() => speech === this.#speech && !this.#ended && this.#finish(), 1000 * this.#latency());
  }

  #finish() {
    this.#furthest = this.#total ?? this.#furthest;
    this.#tell("position");
    this.#ended = true;
    this.#tell("ended");
    this.#rest();
  }

  #rest() {
    clearInterval(this.#timer);
    this.#timer = null;
    this.#report = { ...this.#report, sounding: false };
    this.#tell("state");
  }

  #tick() {
    if (this.unlocked && !this.#paused && this.position() > 0) this.#tell("position");
  }

  /** A context that the system has stopped (a call, a locked screen) goes on when it may. */
  #wake() {
    const context = this.#context;
    if (context && !document.hidden && context.state !== "running" && context.state !== "closed") {
      context.resume().catch(() => {}); // it may not before a click: "state" tells
    }
  }

  #tell(name) {
    this.dispatchEvent(new Event(name));
  }
}
