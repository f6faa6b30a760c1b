/**
 * Makes a drawn element equal to a new one and keeps what is the same in both, so that a growing reply neither flickers
 * nor loses what a reader has selected in it.
 */

import { placeOf, setPlace } from "./places.js";

/**
 * Makes `old` equal to `fresh`, which is used up.
 * @returns {Node} what stands there now: `old`, or `fresh` where they have nothing in common
 */
export function morph(old, fresh) {
  if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName) {
    old.replaceWith(fresh);
    return fresh;
  }
  if (old.nodeType === Node.TEXT_NODE) {
    if (fresh.data.startsWith(old.data)) {
      if (fresh.length > old.length) old.appendData(fresh.data.slice(old.length));
    } else if (old.data.startsWith(fresh.data)) {
      old.deleteData(fresh.length, old.length - fresh.length);
    } else {
      old.data = fresh.data;
    }
    setPlace(old, placeOf(fresh));
    return old;
  }
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  let child = old.firstChild;
  for (const wanted of [...fresh.childNodes]) {
    if (child) child = morph(child, wanted).nextSibling;
    else old.append(wanted);
  }
  while (child) {
    const next = child.nextSibling;
    child.remove();
    child = next;
  }
  return old;
}
