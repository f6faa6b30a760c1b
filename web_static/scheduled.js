/**
 * The ring of worklet.js for pages that may not have a worklet (plain http to another machine), and for sample rates that
 * the sound card's context refuses: every frame is an AudioBufferSourceNode, put right behind the one before on the
 * context's clock. The same messages in and out.
 */

const TELL_MS = 50;
const FADE = 0.005;
const LEAD = 0.02; // seconds between now and the first sound, so that none is late

export class Scheduled {
  /** Called with what worklet.js tells. */
  onstate = () => {};

  #kept = []; // {first, data}: not heard yet
  #playing = []; // {source, starts, ends, first, samples}
  #speech = 0;
  #rate = 0;
  #queuedTo = 0; // samples that came
  #scheduledTo = 0; // samples that are on the clock
  #clock = 0; // when the next one sounds
  #played = 0; // up to the last pause or dry spell
  #total = null;
  #target = 0;
  #begun = false;
  #paused = false;
  #over = true;
  #underruns = 0;
  #timer = null;
  #fader;

  constructor(context, destination) {
    this.context = context;
    this.destination = destination;
    this.#fader = this.#newFader();
  }

  post(message) {
    switch (message.type) {
      case "begin":
        this.#stopAll();
        this.#speech = message.speech;
        this.#rate = message.rate;
        this.#kept = [];
        this.#queuedTo = this.#scheduledTo = this.#played = 0;
        this.#total = null;
        this.#begun = this.#over = false;
        this.#paused = message.paused;
        this.#target = message.target;
        this.#timer ??= setInterval(() => this.#tick(), TELL_MS);
        break;
      case "samples":
        this.#kept.push({ first: this.#queuedTo, data: message.data });
        this.#queuedTo += message.data.length;
        this.#target = message.target;
        this.#schedule();
        break;
      case "end":
        this.#total = message.samples;
        this.#schedule();
        break;
      case "silence":
        this.#stopAll();
        this.#kept = [];
        this.#over = true;
        break;
      case "pause":
        this.#hold();
        this.#paused = true;
        break;
      case "resume":
        this.#paused = false;
        this.#schedule();
        break;
    }
    this.#tick();
  }

  close() {
    this.#stopAll();
    clearInterval(this.#timer);
    this.#timer = null;
  }

  #newFader() {
    const fader = this.context.createGain();
    fader.connect(this.destination);
    return fader;
  }

  /** Samples that were rendered by now. */
  #rendered() {
    const now = this.context.currentTime;
    let played = this.#played;
    for (const { starts, first, samples } of this.#playing) {
      if (now >= starts) played = Math.max(played, first + Math.min(samples, Math.round((now - starts) * this.#rate)));
    }
    return played;
  }

  /** Puts on the clock what came. */
  #schedule() {
    if (this.#paused || this.#over) return;
    const complete = this.#total !== null && this.#queuedTo >= this.#total;
    const queued = this.#queuedTo - this.#scheduledTo;
    if (!this.#begun) {
      if (queued === 0 || (queued < this.#target && !complete)) return;
      this.#begun = true;
      this.#clock = this.context.currentTime + LEAD;
    }
    for (const { first, data } of this.#kept) {
      if (first + data.length <= this.#scheduledTo) continue;
      const part = data.subarray(Math.max(0, this.#scheduledTo - first));
      const buffer = this.context.createBuffer(1, part.length, this.#rate);
      buffer.copyToChannel(part, 0);
      const source = new AudioBufferSourceNode(this.context, { buffer });
      source.connect(this.#fader);
      source.start(this.#clock);
      this.#playing.push({ source, starts: this.#clock, first: this.#scheduledTo, samples: part.length });
      this.#clock += part.length / this.#rate;
      this.#scheduledTo += part.length;
    }
  }

  #tick() {
    const played = this.#rendered();
    this.#playing = this.#playing.filter((one) => one.first + one.samples > played);
    this.#kept = this.#kept.filter(({ first, data }) => first + data.length > played);
    if (!this.#over && this.#total !== null && played >= this.#total) {
      this.#over = true;
    } else if (this.#begun && !this.#paused && !this.#over && played >= this.#scheduledTo) {
      this.#begun = false;
      this.#played = played;
      this.#underruns += 1;
      this.#schedule();
    }
    const sounding = this.#begun && !this.#paused && !this.#over && played > this.#played;
    this.onstate({
      type: "state", speech: this.#speech, played, queued: this.#queuedTo - played, sounding, over: this.#over,
      underruns: this.#underruns, time: this.context.currentTime,
    });
    if (this.#over) {
      clearInterval(this.#timer);
      this.#timer = null;
    }
  }

  /** Takes what is not heard yet off the clock. */
  #hold() {
    this.#played = this.#scheduledTo = this.#rendered();
    this.#begun = false;
    this.#stopAll();
  }

  #stopAll() {
    const now = this.context.currentTime;
    this.#fader.gain.setTargetAtTime(0, now, FADE / 4);
    for (const { source } of this.#playing) source.stop(now + FADE);
    this.#playing = [];
    this.#fader = this.#newFader();
  }
}
