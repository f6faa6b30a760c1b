/**
 * What is spoken: joins the server's Speech, Segment and sound with the player, and knows which word sounds. Drops what
 * belongs to a speech that is over. No DOM.
 *
 * Events: "speech" (another one began, or none is spoken any more), "sound" (the first of it is heard).
 */

import { Words } from "./words.js";

export class Speech extends EventTarget {
  #newest = 0; // number of the newest speech that was told of
  #dropped = 0; // this one, and all before, are not to be heard
  #hushed = null; // a message of which nothing is to be heard until it has ended
  #words = new Words();
  #rate = 0;

  /**
   * @param {import("./player.js").Player} player
   * @param {(type: string, fields: Object) => void} send
   */
  constructor(player, send) {
    super();
    this.player = player;
    this.send = send;
    /** The message that is spoken; null: none. */
    this.message = null;
    this.paused = false;
    player.addEventListener("started", () => this.#tell("sound"));
    player.addEventListener("ended", () => this.#over());
    player.addEventListener("position", () => this.report());
    player.addEventListener("underrun", () => this.report());
  }

  /** Whether a message of the server is for this; it is then taken. */
  take(message) {
    switch (message.type) {
      case "speech":
        this.#begin(message);
        return true;
      case "segment":
        if (this.#wanted(message.speech)) this.#words.add(message.words);
        return true;
      case "spoken":
        if (this.#wanted(message.speech)) this.player.end(message.speech, message.samples);
        return true;
      case "silence":
        this.#silence(message.speech);
        return true;
      default:
        return false;
    }
  }

  /** A binary frame. */
  frame(frame) {
    if (this.#wanted(frame.speech)) this.player.push(frame);
  }

  /** The session is a new one: its numbers begin again. */
  reset() {
    if (this.#newest) this.player.silence(this.#newest);
    this.#newest = this.#dropped = 0;
    this.#hushed = null;
    this.#over();
  }

  /** Tells the server what was heard. */
  report() {
    if (this.#newest) {
      this.send("position", { speech: this.#newest, samples: this.#samples(), underruns: this.player.underruns });
    }
  }

  /** Silence, at once, and then the server is told. `writing`: the reply that is written, of which no more is wanted. */
  cancel(writing = null) {
    const heard = { speech: this.#newest, samples: this.#samples() };
    this.#dropped = this.#newest;
    this.#hushed = writing;
    if (this.#newest) this.player.silence(this.#newest);
    this.#over();
    this.send("cancel", heard);
  }

  /** Silence, for the server's next speech is another one; it is told of the place before. */
  leave() {
    this.report();
    this.#dropped = this.#newest;
    this.#hushed = null;
    if (this.#newest) this.player.silence(this.#newest);
  }

  /** A prompt was sent, or a reply is complete: what it says may be heard again. */
  unhush(message = null) {
    if (message === null || this.#hushed === message) this.#hushed = null;
  }

  /** Holds the sound, or goes on. */
  pause(paused = !this.paused) {
    if (paused === this.paused) return;
    this.paused = paused;
    if (paused) {
      this.player.pause();
      this.report();
    } else {
      this.player.resume();
    }
    this.send(paused ? "pause" : "resume", {});
    this.#tell("speech");
  }

  /** What is heard at this moment. `word`: its places in the message; `heard`: the place up to which it was heard. */
  now() {
    if (this.message === null) return { message: null, word: null, heard: null };
    const seconds = this.#rate ? this.#samples() / this.#rate : 0;
    return { message: this.message, word: this.#words.at(seconds), heard: this.#words.heardUntil(seconds) };
  }

  /** Whether no more of a message is wanted, for it was stopped. */
  isHushed(message) {
    return this.#hushed === message;
  }

  /** The place at which what is spoken begins; null: not known yet. */
  get begins() {
    return this.#words.begins;
  }

  #begin({ speech, message, sample_rate: rate, paused }) {
    if (speech < this.#newest || speech <= this.#dropped || this.#hushed === message) {
      this.#dropped = Math.max(this.#dropped, this.#hushed === message ? speech : 0);
      this.#newest = Math.max(this.#newest, speech);
      return;
    }
    const goesOn = speech === this.#newest && this.message !== null; // told again after a break
    if (!goesOn) this.#words = new Words();
    this.#newest = speech;
    this.#rate = rate;
    this.message = message;
    this.paused = paused;
    if (!goesOn) this.player.begin(speech, rate, paused);
    this.#tell("speech");
  }

  #silence(speech) {
    if (speech < this.#newest) return;
    this.#dropped = Math.max(this.#dropped, speech);
    this.player.silence(speech);
    this.#over();
  }

  #over() {
    if (this.message === null) return;
    this.last = this.now();
    this.message = null;
    this.paused = false;
    this.#tell("speech");
  }

  #wanted(speech) {
    return speech === this.#newest && speech > this.#dropped;
  }

  #samples() {
    return this.#newest ? Math.max(0, Math.round(this.player.position())) : 0;
  }

  #tell(name) {
    this.dispatchEvent(new Event(name));
  }
}
