/** Lists of names and values, for the pages that show what goes on. */

import { make, setText } from "./dom.js";

/**
 * Shows these in a `<dl>`. What has not changed is left as it stands, so that it can be marked and read while the rest
 * changes.
 * @param {HTMLElement} list
 * @param {Object<string, string|number>} pairs
 */
export function showFacts(list, pairs) {
  const rows = new Map([...list.children].map((row) => [row.dataset.name, row]));
  for (const [name, value] of Object.entries(pairs)) {
    if (!rows.has(name)) list.append(make("div", { "data-name": name }, make("dt", {}, name), make("dd")));
    setText((rows.get(name) ?? list.lastChild).lastChild, String(value));
    rows.delete(name);
  }
  for (const row of rows.values()) row.remove();
}
