/** When each word of one speech sounds. Binary searches: it is asked with every frame of the screen. */

const HOLD = 0.12; // seconds for which a word stays lit behind its end, so that short gaps between words do not flicker

export class Words {
  #begins = [];
  #words = []; // [start, end, begins, stops]

  /** Adds a Segment's words, which come in the order they sound. */
  add(words) {
    for (const word of words) {
      const last = this.#begins.at(-1);
      if (last !== undefined && word[2] < last) continue; // came before, and again after a reconnect
      if (last === word[2] && this.#words.at(-1)[0] === word[0]) continue;
      this.#words.push(word);
      this.#begins.push(word[2]);
    }
  }

  /** The place of the first word; null: there is none yet. */
  get begins() {
    return this.#words[0]?.[0] ?? null;
  }

  get length() {
    return this.#words.length;
  }

  /**
   * The word that sounds.
   * @param {number} seconds into the speech
   * @returns {{start: number, end: number}|null} null in a pause and beyond the end
   */
  at(seconds) {
    const word = this.#words[this.#index(seconds)];
    return word && seconds < word[3] + HOLD ? { start: word[0], end: word[1] } : null;
  }

  /** The place up to which it was heard; null: nothing yet. A word counts once half of it has sounded. */
  heardUntil(seconds) {
    for (let index = this.#index(seconds); index >= 0; index -= 1) {
      const [, end, begins, stops] = this.#words[index];
      if (seconds >= (begins + stops) / 2) return end;
    }
    return null;
  }

  /** Number of the last word that has begun at `seconds`; -1: none. */
  #index(seconds) {
    let low = 0;
    let high = this.#begins.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#begins[middle] <= seconds) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
