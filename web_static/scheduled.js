/**
 * The ring of worklet.js for pages that may not have a worklet (plain http to another machine), and for sample rates that
 * the sound card's context refuses: every frame is an AudioBufferSourceNode, put right behind the one before on the
 * context's clock. It is sent the same messages, and tells the same.
 */

const TELL_MS = 50;
const FADE = 0.005; // seconds
const LEAD = 0.02; // seconds between now and the first sound, so that none is late

export class Scheduled {
  /** Called with what worklet.js tells. */
  onstate = () => {};

  #speech = 0;
  #rate = 0;
  #kept = []; // {first, data}: not heard yet
  #came = 0; // samples
  #scheduled = 0; // samples that are on the clock, or were
  #base = 0; // the sample that is due at #origin, on the context's clock; while nothing is on it, the next one
  #origin = 0;
  #sources = []; // {source, end}: on the clock; `end` is the number of the sample behind it
  #fader = null;
  #total = null;
  #target = 0;
  #begun = false;
  #paused = false;
  #starved = false;
  #over = true;
  #underruns = 0;
  #timer = null;

  /**
   * @param {AudioContext} context
   * @param {AudioNode} destination
   */
  constructor(context, destination) {
    this.context = context;
    this.destination = destination;
  }

  /** Does what worklet.js does with such a message. */
  post(message) {
    this.#settle();
    switch (message.type) {
      case "begin":
        this.#stop();
        this.#speech = message.speech;
        this.#rate = message.rate;
        this.#kept = [];
        this.#came = this.#scheduled = this.#base = 0;
        this.#origin = this.context.currentTime;
        this.#total = null;
        this.#over = this.#starved = false;
        this.#paused = message.paused;
        this.#target = message.target;
        this.#timer ??= setInterval(() => this.#tick(), TELL_MS);
        break;
      case "samples":
        if (this.#over) break;
        if (this.#starved) this.#underruns += 1;
        this.#starved = false;
        this.#kept.push({ first: this.#came, data: message.data });
        this.#came += message.data.length;
        this.#target = message.target;
        break;
      case "target":
        this.#target = message.target;
        break;
      case "end":
        this.#total = message.samples;
        break;
      case "silence":
        this.#stop();
        this.#kept = [];
        this.#finish();
        break;
      case "pause":
        this.#stop();
        this.#paused = true;
        break;
      case "resume":
        this.#paused = false;
        break;
    }
    this.#schedule();
    this.#tick();
  }

  /** Silence, for good. */
  close() {
    this.#stop();
    this.#finish();
  }

  /** Samples that have had their time by now. */
  get #played() {
    if (!this.#begun) return this.#base;
    const since = Math.round((this.context.currentTime - this.#origin) * this.#rate);
    return Math.min(this.#scheduled, this.#base + Math.max(0, since));
  }

  /** Notices that all there was has had its time. */
  #settle() {
    const played = this.#played;
    if (!this.#over && this.#total !== null && played >= this.#total) {
      this.#stop();
      this.#finish();
    } else if (this.#begun && played >= this.#scheduled) {
      this.#stop();
      this.#starved = true; // wait until there is enough again
    }
  }

  #finish() {
    this.#over = true;
    this.#starved = false;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  /** Puts on the clock what has come. */
  #schedule() {
    if (this.#paused || this.#over || (!this.#begun && !this.#ready())) return;
    if (!this.#begun) this.#begin();
    for (const { first, data } of this.#kept) {
      if (first + data.length > this.#scheduled) this.#add(data.subarray(this.#scheduled - first));
    }
  }

  #ready() {
    const queued = this.#came - this.#base;
    const complete = this.#total !== null && this.#came >= this.#total;
    return queued > 0 && (queued >= this.#target || complete);
  }

  #begin() {
    const { context } = this;
    this.#begun = true;
    this.#scheduled = this.#base;
    this.#origin = Math.ceil((context.currentTime + LEAD) * context.sampleRate) / context.sampleRate;
    this.#fader = new GainNode(context);
    this.#fader.gain.setValueAtTime(0, this.#origin);
    this.#fader.gain.linearRampToValueAtTime(1, this.#origin + FADE);
    this.#fader.connect(this.destination);
  }

  #add(samples) {
    const buffer = new AudioBuffer({ length: samples.length, sampleRate: this.#rate });
    buffer.copyToChannel(samples, 0);
    const source = new AudioBufferSourceNode(this.context, { buffer });
    source.connect(this.#fader);
    source.start(this.#origin + (this.#scheduled - this.#base) / this.#rate);
    this.#scheduled += samples.length;
    this.#sources.push({ source, end: this.#scheduled });
  }

  /** Takes off the clock what has not had its time, and fades out. */
  #stop() {
    if (!this.#begun) return;
    const played = this.#played;
    const now = this.context.currentTime;
    this.#origin += (played - this.#base) / this.#rate;
    this.#base = this.#scheduled = played;
    this.#begun = false;
    const { gain } = this.#fader;
    gain.cancelScheduledValues(now);
    gain.setValueAtTime(now < this.#origin ? 0 : 1, now);
    gain.linearRampToValueAtTime(0, now + FADE);
    for (const { source } of this.#sources) source.stop(now + FADE);
    this.#sources = [];
  }

  #tick() {
    this.#settle();
    const played = this.#played;
    this.#sources = this.#sources.filter(({ end }) => end > played);
    this.#kept = this.#kept.filter(({ first, data }) => first + data.length > played);
    this.onstate({
      speech: this.#speech,
      played,
      queued: this.#over ? 0 : this.#came - played,
      sounding: this.#begun && this.context.currentTime >= this.#origin,
      starved: this.#starved,
      over: this.#over,
      underruns: this.#underruns,
      time: this.#begun ? this.#origin + (played - this.#base) / this.#rate : this.#origin,
    });
  }
}
