/**
 * Keeps what is followed on the screen, the word that sounds or the newest text, and never fights a reader who has
 * scrolled elsewhere: then it waits until it is asked, or until the reader comes back.
 */

const END = 32; // pixels from the end that count as the end
const TOP_PART = 0.12; // of the height; a word above it, or below BOTTOM_PART, is brought to REST_PART
const BOTTOM_PART = 0.68;
const REST_PART = 0.34;
const GLIDE = 0.16; // of the way that is left, with each frame

export class Follow extends EventTarget {
  #box;
  #expected = 0; // the scroll position that was set here
  #last = 0;
  #goal = null;
  #following = true;
  #still = matchMedia("(prefers-reduced-motion: reduce)");

  /**
   * @param {HTMLElement} box what scrolls
   * @param {() => DOMRect|null} word where the word is that sounds
   */
  constructor(box, word) {
    super();
    this.#box = box;
    this.#word = word;
    /** @type {"word"|"newest"|"off"} */
    this.mode = "word";
    box.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    new ResizeObserver(() => this.newText()).observe(box);
  }

  #word;

  /** Whether the reader is elsewhere. Told by the event "change". */
  get away() {
    return !this.#following && this.mode !== "off";
  }

  /** Which way what is followed is: "up", "down" or "". */
  get direction() {
    const word = this.mode === "word" ? this.#word() : null;
    if (!word) return "down";
    const home = this.#box.getBoundingClientRect();
    return word.bottom < home.top ? "up" : word.top > home.bottom ? "down" : "";
  }

  /** More text, or another size. */
  newText() {
    if (this.#following && (this.mode === "newest" || (this.mode === "word" && !this.#word()))) this.#go(Infinity, true);
  }

  /** Another word sounds. */
  newWord() {
    if (this.mode !== "word") return;
    const word = this.#word();
    if (!word) return;
    const home = this.#box.getBoundingClientRect();
    const visible = word.top >= home.top && word.bottom <= home.bottom;
    if (!this.#following) {
      if (visible && this.#atEnd) this.#follow(true); // it has come to where the reader waits
      else this.dispatchEvent(new Event("change"));
      return;
    }
    const part = (word.top - home.top) / home.height;
    if (part < TOP_PART || (word.bottom - home.top) / home.height > BOTTOM_PART) {
      this.#go(this.#box.scrollTop + word.top - home.top - home.height * REST_PART);
    }
  }

  /** Follow again, from where it is now. `jump`: at once, without gliding. */
  again(jump = false) {
    this.#follow(true);
    if (this.mode === "word" && this.#word()) this.newWord();
    else this.#go(Infinity, jump);
  }

  get #atEnd() {
    const box = this.#box;
    return box.scrollHeight - box.scrollTop - box.clientHeight <= END;
  }

  #follow(following) {
    if (this.#following === following) return;
    this.#following = following;
    this.dispatchEvent(new Event("change"));
  }

  #scrolled() {
    const top = this.#box.scrollTop;
    const before = this.#last;
    this.#last = top;
    if (Math.abs(top - this.#expected) <= 2) return;
    this.#expected = top;
    this.#goal = null;
    const box = this.mode === "word" ? this.#word() : null;
    const home = this.#box.getBoundingClientRect();
    const onScreen = box && box.bottom > home.top && box.top < home.bottom;
    if (this.#atEnd) this.#follow(!box || Boolean(onScreen));
    else if (top < before || !onScreen) this.#follow(false);
    else this.dispatchEvent(new Event("change"));
  }

  #go(top, jump = false) {
    const glides = this.#goal !== null;
    const far = Math.abs(Math.min(top, this.#end) - this.#box.scrollTop) > this.#box.clientHeight * 3;
    this.#goal = top;
    if (jump || far || this.#still.matches || document.hidden) {
      this.#set(Math.min(top, this.#end));
      this.#goal = null;
    } else if (!glides) {
      requestAnimationFrame(this.#glide);
    }
  }

  get #end() {
    return this.#box.scrollHeight - this.#box.clientHeight;
  }

  #glide = () => {
    if (this.#goal === null) return;
    const goal = Math.max(0, Math.min(this.#goal, this.#end));
    const left = goal - this.#box.scrollTop;
    if (Math.abs(left) < 1) {
      this.#set(goal);
      this.#goal = null;
      return;
    }
    this.#set(this.#box.scrollTop + (Math.abs(left) < 6 ? Math.sign(left) : left * GLIDE));
    requestAnimationFrame(this.#glide);
  };

  #set(top) {
    this.#box.scrollTop = top;
    this.#expected = this.#box.scrollTop;
  }
}
