/**
 * What tells heard, sounding and still to come apart: a light behind the word that sounds, which glides along the line;
 * dimmer text behind it; and a rail beside the reply that is solid as far as it was heard.
 *
 * The text itself is left as it is: the light is an element behind it, the dimmer text a CSS highlight. Where a browser
 * has no CSS highlights, whole blocks are dimmed that are still to come.
 */

import { make } from "./dom.js";

const NAME = "to-come";
const SAME_LINE = 0.5; // of a line's height: boxes whose tops differ by less stand in one line

export class Light {
  #toCome = null;
  #dimmed = new Map(); // view -> its Range in the highlight
  #heard = new Map(); // view -> the place behind which it is dim
  #lit = null; // {view, start, end}
  #pills = [];
  #rail = make("div", { class: "rail", "aria-hidden": "true" }, make("div", { class: "rail-heard" }));
  #announced = null;
  #railed = null; // the view whose rail it is

  constructor() {
    if (CSS.highlights) {
      this.#toCome = new Highlight();
      CSS.highlights.set(NAME, this.#toCome);
    }
    this.resized = new ResizeObserver(() => this.place());
  }

  /** What is lit: the view, and the box of the word on the screen. Null: nothing. */
  get box() {
    if (!this.#lit) return null;
    const { view, start, end } = this.#lit;
    const boxes = this.#announced ? [this.#announced.getBoundingClientRect()] : boxesOf(view.body.range(start, end));
    return boxes[0] ?? null;
  }

  /** Forget all of it: another conversation. */
  clear() {
    for (const view of [...this.#heard.keys()]) this.mark(view, null);
    this.light(null, null);
    this.rail(null);
  }

  /** Behind `heard`, a reply is still to come, or was never heard. null: it looks like any text. */
  mark(view, heard, again = false) {
    if (!again && (this.#heard.get(view) ?? null) === heard) return;
    if (heard === null) this.#heard.delete(view);
    else this.#heard.set(view, heard);
    if (!this.#toCome) {
      view.body.eachBehind(heard ?? Infinity, (element, behind) => element.classList.toggle(NAME, behind));
      return;
    }
    const fresh = heard === null ? null : view.body.range(heard, Infinity);
    const range = this.#dimmed.get(view);
    if (fresh && range) {
      range.setStart(fresh.startContainer, fresh.startOffset);
      range.setEnd(fresh.endContainer, fresh.endOffset);
    } else if (fresh) {
      this.#dimmed.set(view, fresh);
      this.#toCome.add(fresh);
    } else if (range) {
      this.#dimmed.delete(view);
      this.#toCome.delete(range);
    }
  }

  /** The text of a view is another one. */
  changed(view) {
    if (this.#heard.has(view)) this.mark(view, this.#heard.get(view), true);
    if (this.#lit?.view === view || this.#railed === view) this.place();
  }

  /** A view has a rail beside it while it is spoken; null: none has. */
  rail(view) {
    if (this.#railed === view) return;
    if (this.#railed) this.resized.unobserve(this.#railed.body.element);
    this.#railed = view;
    if (view) {
      view.element.append(this.#rail);
      this.resized.observe(view.body.element);
      this.#placeRail(null);
    } else {
      this.#rail.remove();
    }
  }

  /**
   * Lights a word.
   * @param {import("./message.js").MessageView|null} view
   * @param {{start: number, end: number}|null} word
   */
  light(view, word) {
    const lit = this.#lit;
    if (!view || !word) {
      if (lit) this.#off();
      return;
    }
    if (lit && lit.view === view && lit.start === word.start && lit.end === word.end) return;
    this.#lit = { view, ...word };
    this.place();
  }

  /** Brings the light to where its word stands now. */
  place() {
    if (!this.#lit) {
      if (this.#railed) this.#placeRail(null);
      return;
    }
    const { view, start, end } = this.#lit;
    this.#announce(view.body.announced(start, end));
    const range = this.#announced ? null : view.body.range(start, end);
    const within = scrolled(range);
    const boxes = boxesOf(range).map((box) => clipped(box, within)).filter(Boolean);
    const home = view.body.element.getBoundingClientRect();
    boxes.forEach((box, number) => this.#placePill(number, box, home, view, number ? "" : range.toString()));
    for (const pill of this.#pills.slice(boxes.length)) dark(pill);
    const last = boxes.at(-1) ?? this.#announced?.getBoundingClientRect();
    if (last) this.#placeRail(last.bottom);
  }

  #announce(element) {
    if (this.#announced === element) return;
    this.#announced?.classList.remove("announced");
    element?.classList.add("announced");
    this.#announced = element;
  }

  #placePill(number, box, home, view, text) {
    const pill = (this.#pills[number] ??= make("div", { class: "pill", "aria-hidden": "true" }));
    if (pill.parentNode !== view.body.element) {
      view.body.element.append(pill);
      pill.dataset.at = "";
    }
    const top = Math.round(box.top - home.top);
    const left = box.left - home.left;
    const glides = "lit" in pill.dataset && Math.abs(Number(pill.dataset.at || -1e6) - top) < box.height * SAME_LINE;
    pill.classList.toggle("glides", glides);
    pill.style.transform = `translate(${left.toFixed(1)}px, ${top}px)`;
    pill.style.width = `${box.width.toFixed(1)}px`;
    pill.style.height = `${box.height.toFixed(1)}px`;
    pill.dataset.at = top;
    pill.dataset.lit = text;
  }

  #placeRail(bottom) {
    if (!this.#railed) return;
    const home = this.#railed.body.element.getBoundingClientRect();
    const heard = this.#heard.get(this.#railed);
    let down = bottom;
    if (down === null) {
      const range = heard ? this.#railed.body.range(heard - 1, heard) : null;
      down = heard === undefined ? home.bottom : (boxesOf(range).at(-1)?.bottom ?? home.top);
    }
    const part = home.height ? Math.min(1, Math.max(0, (down - home.top) / home.height)) : 0;
    this.#rail.style.height = `${home.height}px`;
    this.#rail.firstChild.style.transform = `scaleY(${part.toFixed(4)})`;
  }

  #off() {
    this.#lit = null;
    this.#announce(null);
    this.#pills.forEach(dark);
  }
}

function dark(pill) {
  delete pill.dataset.lit;
}

/** The boxes of a range, one for each line. */
function boxesOf(range) {
  const boxes = [];
  for (const box of range?.getClientRects() ?? []) {
    if (!box.width) continue;
    const last = boxes.at(-1);
    if (last && Math.abs(last.top - box.top) < box.height * SAME_LINE) {
      const right = Math.max(last.right, box.right);
      const left = Math.min(last.left, box.left);
      const top = Math.min(last.top, box.top);
      boxes[boxes.length - 1] = new DOMRect(left, top, right - left, Math.max(last.bottom, box.bottom) - top);
    } else {
      boxes.push(box);
    }
  }
  return boxes;
}

/** The box of the part of the page that scrolls sideways around a range, brought to show it; null: none does. */
function scrolled(range) {
  const element = range?.startContainer.parentElement?.closest("pre, .wide");
  if (!element) return null;
  const home = element.getBoundingClientRect();
  const box = range.getBoundingClientRect();
  if (box.left < home.left) element.scrollLeft -= home.left - box.left + 24;
  else if (box.right > home.right) element.scrollLeft += box.right - home.right + 24;
  return home;
}

function clipped(box, within) {
  if (!within) return box;
  const left = Math.max(box.left, within.left);
  const right = Math.min(box.right, within.right);
  return right > left ? new DOMRect(left, box.top, right - left, box.height) : null;
}
