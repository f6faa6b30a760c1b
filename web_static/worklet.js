/**
 * The ring between the page and the sound card: an AudioWorkletProcessor that plays one speech at a time.
 *
 * It is sent {type: "begin", speech, paused, target}, "samples" {data, target}, "target" {target}, "end" {samples},
 * "silence", "pause" and "resume"; places count samples from the beginning of the speech, `target` is the samples that
 * must be there before it begins, or goes on after it ran dry. It tells {speech, played, queued, sounding, starved,
 * over, underruns, time}: sample number `played` is due, or would have been, at `time` on the context's clock.
 *
 * A speech that runs dry is starved; that it was an underrun is known when more of it comes.
 */

const TELL_SECONDS = 0.05;

class Ring extends AudioWorkletProcessor {
  #speech = 0;
  #chunks = []; // Float32Array
  #at = 0; // samples of the first chunk that are played
  #queued = 0;
  #played = 0;
  #time = 0; // when sample number #played is due
  #total = null; // of the speech, once it is known
  #target = 0;
  #begun = false; // enough was there
  #paused = false;
  #starved = false;
  #over = true;
  #loud = false; // the last block ended in sound
  #last = 0; // its last sample
  #cut = null; // samples to fade out, of a speech that was dropped
  #underruns = 0;
  #told = 0;

  constructor() {
    super();
    this.port.onmessage = ({ data }) => {
      this.#take(data);
      this.#tell();
    };
  }

  #take(message) {
    switch (message.type) {
      case "begin":
        this.#drop();
        this.#speech = message.speech;
        this.#played = 0;
        this.#time = currentTime;
        this.#total = null;
        this.#begun = this.#over = this.#starved = false;
        this.#paused = message.paused;
        this.#target = message.target;
        break;
      case "samples":
        if (this.#over) return;
        if (this.#starved) this.#underruns += 1;
        this.#starved = false;
        this.#chunks.push(message.data);
        this.#queued += message.data.length;
        this.#target = message.target;
        break;
      case "target":
        this.#target = message.target;
        break;
      case "end":
        this.#total = message.samples;
        if (this.#played >= this.#total) this.#finish();
        break;
      case "silence":
        this.#drop();
        this.#finish();
        break;
      case "pause":
        this.#paused = true;
        break;
      case "resume":
        this.#paused = false;
        break;
    }
  }

  /** Forgets the sound that is queued; what would have come next is faded out. */
  #drop() {
    if (this.#loud) this.#cut ??= this.#peek(128);
    this.#chunks = [];
    this.#at = this.#queued = 0;
  }

  #finish() {
    this.#over = true;
    this.#starved = false;
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
    if (wasLoud !== this.#loud || (this.#loud && currentTime - this.#told >= TELL_SECONDS)) this.#tell();
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
    this.#time = currentTime + filled / sampleRate;
    this.#loud = filled === out.length;
    if (this.#total !== null && this.#played >= this.#total) {
      this.#finish();
      this.#loud = false;
    } else if (filled < out.length) {
      this.#begun = false; // wait until there is enough again
      this.#starved = true;
      letGo(out, filled, filled ? out[filled - 1] : this.#last);
    }
    this.#last = out[out.length - 1];
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

  #tell() {
    this.#told = currentTime;
    this.port.postMessage({
      speech: this.#speech,
      played: this.#played,
      queued: this.#queued,
      sounding: this.#loud,
      starved: this.#starved,
      over: this.#over,
      underruns: this.#underruns,
      time: this.#time,
    });
  }
}

// A block of 128 samples is 5 ms at 24 kHz: too short to hear, too long to click.

function fadeOut(out) {
  for (let i = 0; i < out.length; i += 1) out[i] *= 1 - (i + 1) / out.length;
}

function fadeIn(out) {
  for (let i = 0; i < out.length; i += 1) out[i] *= i / out.length;
}

/** Leads from the last sample there was to silence. */
function letGo(out, from, last) {
  for (let i = from; i < out.length; i += 1) out[i] = last * (1 - (i - from + 1) / (out.length - from));
}

registerProcessor("ring", Ring);
