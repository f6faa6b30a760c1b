/** Making and finding elements. Text goes in as text, always: nothing here reads HTML. */

import { ICONS } from "./icons.js";

const SVG = "http://www.w3.org/2000/svg";

/**
 * A new element.
 * @param {string} name
 * @param {Object<string, string|number|boolean|Function|null|undefined>} attributes `onclick` and the like take
 *   functions; true is an attribute without a value; false, null and undefined are left out
 * @param {...(Node|string|null|undefined|false)} children strings become text
 * @returns {HTMLElement}
 */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(key.slice("on".length), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(key, String(value));
  }
  for (const child of children) if (child || child === "") element.append(child);
  return element;
}

/**
 * The element of the page with this id. Throws when there is none: the page and the program do not fit.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no element with the id ${id}`);
  return element;
}

/**
 * A picture from icons.js, for sighted eyes only: what it stands in is to have a label.
 * @param {keyof typeof ICONS} name
 * @returns {SVGElement}
 */
export function icon(name) {
  const picture = document.createElementNS(SVG, "svg");
  for (const [key, value] of [["viewBox", "0 0 24 24"], ["aria-hidden", "true"], ["class", "icon"]]) {
    picture.setAttribute(key, value);
  }
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  picture.append(path);
  return picture;
}

/**
 * A button that shows an icon.
 * @param {keyof typeof ICONS} name
 * @param {string} label what it does; said to a screen reader and shown as a tip
 * @param {Function} onclick
 * @param {Object<string, *>} attributes
 */
export function iconButton(name, label, onclick, attributes = {}) {
  const { class: more = "", ...rest } = attributes;
  const all = { type: "button", class: `icon-button ${more}`.trim(), "aria-label": label, title: label, onclick, ...rest };
  return make("button", all, icon(name));
}

/** Puts the icons in that the page names by `data-icon`. */
export function fillIcons(root = document) {
  for (const holder of root.querySelectorAll("[data-icon]")) holder.prepend(icon(holder.dataset.icon));
}

/** Sets an element's text, only when it is another one: a screen reader need not hear it twice. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
