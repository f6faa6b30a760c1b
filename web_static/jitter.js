/**
 * How much sound there must be before a speech begins: as much as it takes to bridge the waits between frames that were
 * met so far. Grows at once, shrinks slowly. Pure arithmetic, in seconds.
 */

export const LEAST = 0.03;
export const MOST = 1.0;

const MARGIN = 0.01;
const KEPT = 0.8; // of what was needed, after a speech that needed less

export class Jitter {
  #needed = 0; // by the speeches so far
  #network = 0; // by what the connection's answers say
  #speech = 0; // by this speech so far
  #first = null; // when its first sound came, and which sample that was

  /** Seconds of sound with which to begin. */
  get target() {
    return Math.min(Math.max(LEAST, Math.max(this.#needed, this.#network, this.#speech) + MARGIN), MOST);
  }

  /** A speech begins. */
  begin() {
    this.#needed = Math.max(this.#speech, this.#needed * KEPT);
    this.#speech = 0;
    this.#first = null;
  }

  /** Sound came at `moment`, which is heard `offset` seconds into the speech. Of one that is held, nothing is learnt. */
  arrived(moment, offset, held = false) {
    if (held) {
      this.#first = null;
    } else if (this.#first === null) {
      this.#first = { moment, offset };
    } else {
      const late = moment - this.#first.moment - (offset - this.#first.offset);
      this.#speech = Math.max(this.#speech, late);
    }
  }

  /** The speech ran dry, so it began too soon. */
  underrun() {
    this.#speech = Math.max(this.#speech, this.target * 1.5);
    this.#first = null;
  }

  /** By how much the answers of the server vary. */
  meets(seconds) {
    this.#network = Math.max(seconds, this.#network * KEPT);
  }
}
