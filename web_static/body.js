/**
 * The body of a reply: its blocks, in the lists and quotes they belong to. Only what has changed is drawn anew.
 *
 * The server sends blocks in a row; how deep in lists and quotes each is, it says with it. The elements around them are
 * opened and closed here as the depths change.
 */

import { drawBlock, itemMarker } from "./blocks.js";
import { make } from "./dom.js";
import { morph } from "./morph.js";
import { leavesOf, rangeOf } from "./places.js";

/** @typedef {{kind: "quote"|"ul"|"ol"|"li", element: HTMLElement}} Container */

export class Body {
  #entries = []; // {block, silent, drawn, marker, root, open}; open: the containers around it, outermost first
  #leaves = null;

  constructor() {
    /** @type {HTMLElement} */
    this.element = make("div", { class: "body", dir: "auto" });
  }

  /** The blocks that are shown. */
  get blocks() {
    return this.#entries.map((entry) => entry.block);
  }

  /**
   * The blocks from number `first` on are these now.
   * @param {number} first
   * @param {Object[]} blocks
   * @param {(block: Object) => boolean} isSilent
   */
  show(first, blocks, isSilent) {
    blocks.forEach((block, index) => {
      const number = first + index;
      const silent = isSilent(block);
      const entry = this.#entries[number];
      if (entry && fits(entry.block, block)) this.#redraw(entry, block, silent);
      else {
        this.#cut(number);
        this.#append(block, silent);
      }
    });
    this.#cut(first + blocks.length);
    this.#leaves = null;
  }

  /** Draws anew what has become silent. */
  remark(isSilent) {
    for (const entry of this.#entries) {
      const silent = isSilent(entry.block);
      if (silent !== entry.silent) this.#redraw(entry, entry.block, silent);
    }
    this.#leaves = null;
  }

  /** Text nodes and their places, in order. */
  get leaves() {
    this.#leaves ??= leavesOf(this.element);
    return this.#leaves;
  }

  /** What shows the text from `start` up to `end`; null: nothing does. */
  range(start, end) {
    return rangeOf(this.leaves, start, end);
  }

  /** The element of a block that these words announce as a whole ("Python code, 5 lines"), or null. */
  announced(start, end) {
    const entry = this.#entryAt(start);
    if (!entry || !["code", "table", "math"].includes(entry.block.kind)) return null;
    const length = entry.block.end - entry.block.start;
    return Math.min(end, entry.block.end) - start >= length * 0.6 ? entry.drawn : null;
  }

  /** The block at a place. */
  blockAt(place) {
    return this.#entryAt(place)?.block ?? null;
  }

  /** The element at a place: of the block in which it is, or the last one before. */
  elementAt(place) {
    return this.#entryAt(place)?.drawn ?? null;
  }

  /** Calls `mark(element, whole)` for each block: whether all of it is behind `place`. */
  eachBehind(place, mark) {
    for (const entry of this.#entries) mark(entry.drawn, entry.block.start >= place);
  }

  #entryAt(place) {
    for (let number = this.#entries.length - 1; number >= 0; number -= 1) {
      if (this.#entries[number].block.start <= place) return this.#entries[number];
    }
    return null;
  }

  #redraw(entry, block, silent) {
    entry.drawn = morph(entry.drawn, drawBlock(block, silent));
    if (entry.marker) entry.marker = morph(entry.marker, itemMarker(block));
    entry.block = block;
    entry.silent = silent;
  }

  #cut(number) {
    for (const entry of this.#entries.splice(number)) {
      entry.root.remove();
    }
  }

  #append(block, silent) {
    const drawn = drawBlock(block, silent);
    const entry = { block, silent, drawn, marker: null, root: null, open: [] };
    const before = this.#entries.at(-1);
    const open = [...(before?.open ?? [])];
    const add = (kind, element) => {
      (open.at(-1)?.element ?? this.element).append(element);
      entry.root ??= element;
      open.push({ kind, element });
    };

    const quotes = open.filter((one) => one.kind === "quote").length;
    const wanted = block.quote ?? 0;
    if (block.alert) open.splice(Math.min(quotes, wanted - 1)); // a note of its own, not more of the quote before
    else if (quotes !== wanted) open.splice(Math.min(quotes, wanted));
    while (open.length < wanted) add("quote", make("blockquote"));

    const depth = block.depth ?? 0;
    const lists = () => open.filter((one) => one.kind === "ul" || one.kind === "ol");
    while (lists().length > depth) open.splice(open.indexOf(lists().at(-1)));
    if (block.kind === "item") {
      const list = block.ordinal === undefined || block.ordinal === null ? "ul" : "ol";
      if (lists().length === depth && lists().at(-1)?.kind !== list) open.splice(open.indexOf(lists().at(-1)));
      while (lists().length < depth) {
        const last = lists().length === depth - 1;
        add(last ? list : "ul", make(last ? list : "ul", { role: "list" }));
        if (!last) add("li", make("li"));
      }
      if (open.at(-1)?.kind === "li") open.pop();
      add("li", make("li", { class: `item depth-${Math.min(depth, 3)}`, value: list === "ol" && block.ordinal }));
      entry.marker = itemMarker(block);
      open.at(-1).element.append(entry.marker);
    }
    (open.at(-1)?.element ?? this.element).append(drawn);
    entry.root ??= drawn;
    entry.open = open;
    this.#entries.push(entry);
  }
}

/** Whether a block may be drawn over another without another list or quote around it. */
function fits(old, fresh) {
  return ["kind", "quote", "depth", "checked", "alert"].every((name) => (old[name] ?? null) === (fresh[name] ?? null))
    && (old.ordinal === undefined) === (fresh.ordinal === undefined);
}
