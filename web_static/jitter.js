/**
 * How much sound there must be before a speech begins: as much as it takes to bridge the waits between frames that were
 * met so far. Grows at once, shrinks slowly. Pure arithmetic, in seconds.
 */

export const LEAST = 0.03;
export const MOST = 0.5; // what comes later than that is no matter of the network

const MARGIN = 0.01;
const KEPT = 0.8; // of what was needed, after a speech, or an answer of the server, that shows less
const GROWTH = 1.5; // after a speech ran dry

export class Jitter {
  #needed = 0; // by the speeches so far
  #network = 0; // by what the connection's answers say
  #speech = 0; // by this speech so far
  #first = null; // when its first sound came, and where in the speech that is

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

  /**
   * Sound came at `moment`, which is heard `offset` seconds into the speech. `held`: the speech is not playing for another
   * reason than the network's, and nothing is learnt of it.
   */
  arrived(moment, offset, held = false) {
    if (held) {
      this.#first = null;
    } else if (this.#first === null) {
      this.#first = { moment, offset };
    } else {
      const late = moment - this.#first.moment - (offset - this.#first.offset);
      this.#speech = Math.min(Math.max(this.#speech, late), MOST);
    }
  }

  /** The speech ran dry: it began too soon. */
  starved() {
    this.#speech = Math.min(this.target * GROWTH, MOST);
    this.#first = null;
  }

  /** By how many seconds the waits for the server's answers differ. */
  meets(seconds) {
    this.#network = Math.min(Math.max(seconds, this.#network * KEPT), MOST);
  }
}
