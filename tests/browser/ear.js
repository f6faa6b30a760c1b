/**
 * Listens at the loudspeaker's end of the page: what reaches an AudioContext's destination is kept, sample by sample,
 * with the moments at which words were lit and keys and buttons pressed. Put into the page before its own scripts.
 */
(() => {
  /** Runs on the audio thread: passes on what is not silence, a part at a time. */
  function listener() {
    const QUANTA = 16; // of 128 samples, in a part
    class Listener extends AudioWorkletProcessor {
      #parts = [];
      #first = 0;

      process(inputs) {
        if (currentFrame !== this.#first + 128 * this.#parts.length) this.#pass(); // a context that begins leaves some out
        if (!this.#parts.length) this.#first = currentFrame;
        this.#parts.push((inputs[0][0] ?? new Float32Array(128)).slice());
        if (this.#parts.length === QUANTA) this.#pass();
        return true;
      }

      #pass() {
        if (!this.#parts.length) return;
        const samples = new Float32Array(128 * this.#parts.length);
        this.#parts.forEach((part, number) => samples.set(part, 128 * number));
        this.#parts = [];
        const end = this.#first + samples.length;
        this.port.postMessage({ first: this.#first, end, samples: samples.some((one) => one !== 0) ? samples : null });
      }
    }
    registerProcessor("ear", Listener);
  }

  const address = URL.createObjectURL(new Blob([`(${listener})()`], { type: "text/javascript" }));
  const ready = new WeakMap(); // AudioContext -> the promise of its listener
  const contexts = new WeakMap(); // AudioWorklet -> its AudioContext
  const { connect } = AudioNode.prototype;

  const ear = {
    context: null,
    parts: [], // {first, samples} that are not silence
    listened: 0, // the number of the sample up to which all was heard
    lit: [], // {text, at}: from when on, in seconds of the context's time at the ear
    pressed: [], // {what, at, frame}: keys and buttons

    /** The moment at the ear, in seconds of the context's time. */
    now() {
      if (!this.context) return 0;
      const { contextTime, performanceTime } = this.context.getOutputTimestamp();
      return contextTime + (performance.now() - performanceTime) / 1000;
    },

    /** All sound so far, from its first sample that is not silence: its rate, that sample's number, and float32. */
    sound() {
      const rate = this.context?.sampleRate ?? 0;
      if (!this.parts.length) return { rate, first: 0, listened: this.listened, data: "" };
      const first = this.parts[0].first;
      const last = this.parts.at(-1);
      const all = new Float32Array(last.first + last.samples.length - first);
      for (const part of this.parts) all.set(part.samples, part.first - first);
      const bytes = new Uint8Array(all.buffer);
      let text = "";
      for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
      return { rate, first, listened: this.listened, data: btoa(text) };
    },

    /** Seconds of sound that were heard so far, silence between words included. */
    get seconds() {
      if (!this.parts.length) return 0;
      return (this.parts.at(-1).first + this.parts.at(-1).samples.length - this.parts[0].first) / this.context.sampleRate;
    },

    /** Seconds for which nothing has been heard. */
    get silence() {
      if (!this.context) return 0;
      const last = this.parts.at(-1);
      return (this.listened - (last ? last.first + last.samples.length : 0)) / this.context.sampleRate;
    },

    /** Forget what was heard, lit and pressed. */
    clear() {
      this.parts = [];
      this.lit = [];
      this.pressed = [];
    },
  };
  window.ear = ear;

  const { addModule } = window.AudioWorklet?.prototype ?? {}; // there is none outside of a secure context

  function prepared(context) {
    if (!ready.has(context)) ready.set(context, addModule.call(context.audioWorklet, address));
    return ready.get(context);
  }

  function listen(context, source) {
    if (!addModule) return;
    prepared(context).then(() => {
      if (context.state === "closed") return;
      const node = new AudioWorkletNode(context, "ear", { channelCount: 1, channelCountMode: "explicit" });
      node.port.onmessage = ({ data }) => {
        if (context !== ear.context) {
          ear.context = context;
          ear.parts = [];
        }
        ear.listened = data.end;
        if (data.samples) ear.parts.push(data);
      };
      connect.call(source, node);
      connect.call(node, context.destination); // it only runs where it leads somewhere; what it gives is silence
    }).catch((error) => {
      if (context.state !== "closed") throw error; // one that was closed again at once has nothing to be heard
    });
  }

  AudioNode.prototype.connect = function (target, ...rest) {
    if (target instanceof AudioDestinationNode) listen(this.context, this);
    return connect.call(this, target, ...rest);
  };

  if (addModule) {
    AudioWorklet.prototype.addModule = async function (...given) {
      if (contexts.has(this)) await prepared(contexts.get(this)); // before the page's own sound can begin
      return addModule.apply(this, given);
    };
    const worklet = Object.getOwnPropertyDescriptor(BaseAudioContext.prototype, "audioWorklet");
    Object.defineProperty(BaseAudioContext.prototype, "audioWorklet", {
      ...worklet,
      get() {
        const found = worklet.get.call(this);
        contexts.set(found, this);
        return found;
      },
    });
  }

  new MutationObserver((changes) => {
    for (const { target } of changes) {
      const text = target.dataset.lit;
      if (text && text !== ear.lit.at(-1)?.text) ear.lit.push({ text, at: ear.now() });
    }
  }).observe(document, { subtree: true, attributeFilter: ["data-lit"] });

  for (const name of ["keydown", "pointerdown"]) {
    addEventListener(
      name,
      (event) => {
        const what = event.key ?? event.target.closest("[id]")?.id ?? "";
        const at = performance.timeOrigin + event.timeStamp;
        ear.pressed.push({ what, at, frame: ear.context ? ear.context.currentTime * ear.context.sampleRate : 0 });
      },
      { capture: true },
    );
  }
})();
