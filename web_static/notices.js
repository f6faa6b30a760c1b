/** What the page says of itself: the banner under the title, short lines above the prompt, and the live region. */

import { byId, make, setText } from "./dom.js";

const SHOWN = 7000; // ms for which a line stays

/** One notice at a time, the most important of those that hold. */
export class Banner {
  #held = new Map(); // name -> {rank, text, act, label, kind, closes}

  constructor() {
    byId("banner-act").addEventListener("click", () => this.#first()?.act?.());
    byId("banner-close").addEventListener("click", () => this.drop(this.#first()?.name));
  }

  /**
   * @param {string} name the same name takes the place of a former notice
   * @param {{rank: number, text: string, label?: string, act?: Function, kind?: string, closes?: boolean}} notice the
   *   lowest rank is shown
   */
  hold(name, notice) {
    this.#held.set(name, { name, ...notice });
    this.#show();
  }

  /** The notice no longer holds. */
  drop(name) {
    if (this.#held.delete(name)) this.#show();
  }

  #first() {
    return [...this.#held.values()].sort((a, b) => a.rank - b.rank)[0];
  }

  #show() {
    const first = this.#first();
    byId("banner").hidden = !first;
    if (!first) return;
    byId("banner").dataset.kind = first.kind ?? "info";
    setText(byId("banner-text"), first.text);
    byId("banner-act").hidden = !first.act;
    setText(byId("banner-act"), first.label ?? "");
    byId("banner-close").hidden = !first.closes;
  }
}

/**
 * A line above the prompt that goes by itself.
 * @param {string} text
 * @param {{label?: string, act?: Function, kind?: string}} more a button, and "error" for what went wrong
 */
export function toast(text, { label, act, kind = "info" } = {}) {
  const line = make("p", { class: `toast ${kind}` }, make("span", {}, text));
  const gone = () => line.remove();
  if (act) {
    line.append(make("button", { type: "button", class: "small", onclick: () => { gone(); act(); } }, label));
  }
  const holder = byId("toasts");
  holder.append(line);
  while (holder.children.length > 3) holder.firstChild.remove();
  let timer = setTimeout(gone, SHOWN);
  line.addEventListener("pointerenter", () => clearTimeout(timer));
  line.addEventListener("focusin", () => clearTimeout(timer));
  line.addEventListener("pointerleave", () => (timer = setTimeout(gone, SHOWN / 2)));
}

/** Says a line to a screen reader. */
export function announce(text) {
  setText(byId("announce"), text);
}
