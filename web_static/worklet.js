/**
 * The ring between the page and the sound card: an AudioWorkletProcessor that plays one speech at a time.
 *
 * It is sent {type: "begin", speech, paused, target}, "samples" {data, target}, "end" {samples}, "silence", "pause" and
 * "resume"; places count samples from the beginning of the speech. It tells {type: "state", speech, played, queued,
 * sounding, underruns, time}: `played` samples have been rendered for the time before `time`.
 */

const TELL_SECONDS = 0.05;

class Ring extends AudioWorkletProcessor {
  #speech = 0;
  #chunks = []; // Float32Array
  #at = 0; // samples of the first chunk that are played
  #queued = 0;
  #played = 0;
  #total = null; // of the speech, once it is known
  #target = 0; // samples with which to begin
  #begun = false; // enough was there
  #paused = false;
  #over = true;
  #loud = false; // the last block ended in sound
  #cut = null; // samples to fade out, of a speech that was dropped
  #underruns = 0;
  #told = 0;

  constructor() {
    super();
    this.port.onmessage = ({ data }) => this.#take(data);
  }

  #take(message) {
    switch (message.type) {
      case "begin":
        this.#drop();
        this.#speech = message.speech;
        this.#played = 0;
        this.#total = null;
        this.#begun = this.#over = false;
        this.#paused = message.paused;
        this.#target = message.target;
        break;
      case "samples":
        this.#chunks.push(message.data);
        this.#queued += message.data.length;
        this.#target = message.target;
        break;
      case "end":
        this.#total = message.samples;
        break;
      case "silence":
        this.#drop();
        this.#over = true;
        break;
      case "pause":
        this.#paused = true;
        break;
      case "resume":
        this.#paused = false;
        break;
    }
    this.#tell();
  }

  /** Forgets the sound that is queued; what would have come next is faded out. */
  #drop() {
    if (this.#loud) this.#cut = this.#peek(128);
    this.#chunks = [];
    this.#at = this.#queued = 0;
  }

  process(_, [[out]]) {
    const wasLoud = this.#loud;
    if (this.#cut !== null) {
      out.set(this.#cut.subarray(0, out.length));
      fadeOut(out);
      this.#cut = null;
      this.#loud = false;
    } else if (this.#paused || this.#over || !this.#ready()) {
      if (wasLoud) {
        out.set(this.#peek(out.length)); // not taken: they are played again
        fadeOut(out);
      }
      this.#loud = false;
    } else {
      this.#play(out);
      if (!wasLoud) fadeIn(out);
    }
    if (wasLoud !== this.#loud || currentTime - this.#told >= TELL_SECONDS) this.#tell(out.length);
    return true;
  }

  /** Whether there is enough to begin, or to go on. */
  #ready() {
    if (!this.#begun) this.#begun = this.#queued > 0 && (this.#queued >= this.#target || this.#complete());
    return this.#begun;
  }

  #complete() {
    return this.#total !== null && this.#played + this.#queued >= this.#total;
  }

  #play(out) {
    let filled = 0;
    while (filled < out.length && this.#chunks.length) {
      const chunk = this.#chunks[0];
      const part = chunk.subarray(this.#at, this.#at + out.length - filled);
      out.set(part, filled);
      filled += part.length;
      this.#at += part.length;
      if (this.#at === chunk.length) {
        this.#chunks.shift();
        this.#at = 0;
      }
    }
    this.#queued -= filled;
    this.#played += filled;
    this.#loud = filled === out.length;
    if (this.#total !== null && this.#played >= this.#total) {
      this.#over = true;
      this.#loud = false;
    } else if (filled < out.length) {
      this.#begun = false; // wait until there is enough again
      this.#underruns += 1;
    }
  }

  /** A copy of the next `length` samples, which stay where they are. */
  #peek(length) {
    const next = new Float32Array(length);
    let filled = 0;
    let at = this.#at;
    for (const chunk of this.#chunks) {
      if (filled === length) break;
      const part = chunk.subarray(at, at + length - filled);
      next.set(part, filled);
      filled += part.length;
      at = 0;
    }
    return next;
  }

  #tell(rendered = 0) {
    this.#told = currentTime;
    this.port.postMessage({
      type: "state",
      speech: this.#speech,
      played: this.#played,
      queued: this.#queued,
      sounding: this.#loud,
      over: this.#over,
      underruns: this.#underruns,
      time: currentTime + rendered / sampleRate,
    });
  }
}

function fadeOut(out) {
  for (let i = 0; i < out.length; i += 1) out[i] *= 1 - (i + 1) / out.length;
}

function fadeIn(out) {
  for (let i = 0; i < out.length; i += 1) out[i] *= i / out.length;
}

registerProcessor("ring", Ring);
