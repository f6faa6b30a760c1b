/**
 * Where the characters on the screen stand in their message, and back. A place counts UTF-16 units of the whole text.
 *
 * Every text node that shows characters of a message has the place of its first one; the others follow one by one.
 */

/** @type {WeakMap<Text, number>} */
const places = new WeakMap();

/** A text node whose first character stands at `at` of the message. */
export function placed(text, at) {
  const node = document.createTextNode(text);
  places.set(node, at);
  return node;
}

/** @returns {number|undefined} where the first character of a text node stands */
export const placeOf = (node) => places.get(node);

/** `node` shows now what begins at `at`; undefined: nothing of a message. */
export function setPlace(node, at) {
  if (at === undefined) places.delete(node);
  else places.set(node, at);
}

/**
 * All text nodes with a place within `root`, as they stand there.
 * @returns {{node: Text, at: number}[]}
 */
export function leavesOf(root) {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const leaves = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const at = places.get(node);
    if (at !== undefined && node.length) leaves.push({ node, at });
  }
  return leaves;
}

/**
 * What shows the characters from `start` up to `end`, or null when nothing does.
 * @param {{node: Text, at: number}[]} leaves ordered by place
 * @returns {Range|null}
 */
export function rangeOf(leaves, start, end) {
  const first = leaves[firstEndingBehind(leaves, start)];
  if (!first || first.at >= end) return null;
  const last = leaves[firstEndingBehind(leaves, end - 1)] ?? leaves.at(-1);
  const inside = last.at < end ? last : leaves[leaves.indexOf(last) - 1];
  const range = document.createRange();
  range.setStart(first.node, Math.max(0, start - first.at));
  range.setEnd(inside.node, Math.min(inside.node.length, end - inside.at));
  return range;
}

/** Number of the first leaf that ends behind `place`; leaves.length when there is none. */
function firstEndingBehind(leaves, place) {
  let low = 0;
  let high = leaves.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (leaves[middle].at + leaves[middle].node.length > place) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * The text node and the place at a point of the window; null where no character of a message is.
 * @returns {{node: Text, offset: number, at: number}|null}
 */
export function placeAtPoint(x, y) {
  let node;
  let offset;
  if (document.caretPositionFromPoint) {
    const caret = document.caretPositionFromPoint(x, y);
    if (caret) [node, offset] = [caret.offsetNode, caret.offset];
  } else if (document.caretRangeFromPoint) {
    const caret = document.caretRangeFromPoint(x, y);
    if (caret) [node, offset] = [caret.startContainer, caret.startOffset];
  }
  const at = node?.nodeType === Node.TEXT_NODE ? places.get(node) : undefined;
  if (at === undefined || !near(node, offset, x, y)) return null;
  return { node, offset, at: at + offset };
}

/** Whether the point is at the character before or behind `offset`: a caret is also found far beside a line. */
function near(node, offset, x, y) {
  const range = document.createRange();
  range.setStart(node, Math.max(0, offset - 1));
  range.setEnd(node, Math.min(node.length, offset + 1));
  for (const box of range.getClientRects()) {
    if (x >= box.left - 2 && x <= box.right + 2 && y >= box.top - 2 && y <= box.bottom + 2) return true;
  }
  return false;
}

/**
 * The white-space-bounded word around a place, in the places of the message.
 * @returns {{start: number, end: number}|null} null between two words
 */
export function wordAround(text, place) {
  let start = Math.min(place, text.length);
  let end = start;
  while (start > 0 && !/\s/.test(text[start - 1])) start -= 1;
  while (end < text.length && !/\s/.test(text[end])) end += 1;
  return start < end ? { start, end } : null;
}
