/**
 * The prompt: grows with what is typed, sends with Enter, tells what is typed while it is typed.
 *
 * Events: "send" {text}, "typing" {text, rests}, "leave" (an edit was given up).
 */

const TYPED = 150; // ms after a key until what is typed is told
const RESTS = 900; // ms after which the typing rests

export class Composer extends EventTarget {
  #box;
  #timer = 0;
  #rest = 0;
  #told = "";
  #former = [];
  #at = 0; // in `former`; its length: what is being written
  #draft = "";
  #composing = false;

  /**
   * @param {HTMLFormElement} form
   * @param {HTMLTextAreaElement} box
   */
  constructor(form, box) {
    super();
    this.#box = box;
    box.addEventListener("input", () => this.#changed());
    box.addEventListener("compositionstart", () => (this.#composing = true));
    box.addEventListener("compositionend", () => (this.#composing = false));
    box.addEventListener("keydown", (event) => this.#key(event));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
  }

  get text() {
    return this.#box.value;
  }

  /** Puts a text in; the typing is told as if it had been typed. */
  set text(text) {
    this.#box.value = text;
    this.#changed();
  }

  /** The prompts of the conversation, for the Up key. */
  set former(prompts) {
    this.#former = prompts;
    this.#at = prompts.length;
  }

  focus() {
    this.#box.focus({ preventScroll: true });
  }

  /** Sends what is there; nothing when there is nothing. */
  send() {
    const text = this.#box.value.trim();
    if (text) this.dispatchEvent(new CustomEvent("send", { detail: { text } }));
  }

  /** Empties the box after its text was taken. */
  clear() {
    clearTimeout(this.#timer);
    clearTimeout(this.#rest);
    this.#box.value = "";
    this.#told = "";
    this.#draft = "";
    this.#at = this.#former.length;
    this.fit();
    this.dispatchEvent(new Event("change"));
  }

  /** As high as its text, up to what the style sheet allows. */
  fit() {
    this.#box.style.height = "auto";
    this.#box.style.height = `${this.#box.scrollHeight}px`;
  }

  #changed() {
    this.fit();
    clearTimeout(this.#timer);
    clearTimeout(this.#rest);
    this.#timer = setTimeout(() => this.#tell(false), TYPED);
    this.#rest = setTimeout(() => this.#tell(true), RESTS);
    this.dispatchEvent(new Event("change"));
  }

  #tell(rests) {
    const text = this.#box.value;
    if (this.#composing || (!rests && text === this.#told)) return;
    this.#told = text;
    this.dispatchEvent(new CustomEvent("typing", { detail: { text, rests } }));
  }

  #key(event) {
    const composing = event.isComposing || this.#composing || event.keyCode === 229; // the key belongs to the input method
    if (composing || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.send();
    } else if (event.key === "ArrowUp" && !event.shiftKey && !this.#box.value.slice(0, this.#box.selectionStart).includes("\n")) {
      this.#recall(-1, event);
    } else if (event.key === "ArrowDown" && !event.shiftKey && !this.#box.value.slice(this.#box.selectionEnd).includes("\n")) {
      this.#recall(1, event);
    }
  }

  /** Another prompt from before. What is being written stays as it is behind them. */
  #recall(step, event) {
    const to = this.#at + step;
    if (to < 0 || to > this.#former.length) return;
    if (step < 0 && this.#box.selectionStart !== this.#box.selectionEnd) return;
    event.preventDefault();
    if (this.#at === this.#former.length) this.#draft = this.#box.value;
    this.#at = to;
    this.text = to === this.#former.length ? this.#draft : this.#former[to];
    const end = step < 0 ? 0 : this.#box.value.length;
    this.#box.setSelectionRange(end, end);
  }
}
