/** The blocks of a reply, as the server sends them, as elements whose text nodes know their places. */

import { make } from "./dom.js";
import { placed } from "./places.js";

const ELEMENTS = Object.freeze({ emphasis: "em", strong: "strong", strike: "s", code: "code", link: "a" });
const SCHEMES = Object.freeze(["http:", "https:", "mailto:"]);
const HEADING_OFFSET = 2; // the page's title and each message's heading stand above those of a reply
const HEARABLE = Object.freeze(["code", "table"]);
const NAMES = Object.freeze({ math: "Formula", html: "HTML", reference: "Where a link leads" });

/**
 * One block.
 * @param {Object} block as docs/protocol.md has it
 * @param {boolean} silent whether it is not read aloud
 * @returns {HTMLElement}
 */
export function drawBlock(block, silent) {
  switch (block.kind) {
    case "heading":
      return make(`h${Math.min(6, block.level + HEADING_OFFSET)}`, { class: `level-${block.level}` }, ...inline(block));
    case "item":
      return make("div", { class: "item-text" }, ...inline(block));
    case "footnote":
      return make("p", { class: "footnote" }, marker(block), " ", ...inline(block));
    case "code":
      return figure(block, silent, code(block), title(block));
    case "table":
      return figure(block, silent, table(block), shape(block));
    case "rule":
      return make("hr");
    case "math":
    case "html":
    case "reference":
      return verbatim(block, silent);
    default:
      return make("p", { class: block.alert ? `alert alert-${word(block.alert)}` : null }, ...inline(block));
  }
}

/** What stands before an item's text: its number, or a mark that means nothing to a screen reader. */
export function itemMarker(block) {
  if (block.checked !== undefined && block.checked !== null) {
    const label = block.checked ? "done: " : "to do: ";
    return make("span", { class: `task ${block.checked ? "checked" : ""}` }, make("span", { class: "unseen" }, label));
  }
  return block.marker ? marker(block) : make("span", { class: "bullet", "aria-hidden": "true" });
}

function marker(block) {
  return make("span", { class: "marker" }, block.marker ? placed(block.marker.text, block.marker.at) : null);
}

/** The name of a class that a server's word may become. */
const word = (text) => String(text).toLowerCase().replace(/[^a-z]/g, "");

function inline(block) {
  return (block.nodes ?? []).map(node);
}

function node(one) {
  if (one.style === "break") return make("br");
  const children = one.children ? one.children.map(node) : [leaf(one)];
  if (one.style === "link") return link(one.href, children);
  if (one.style === "image") return make("span", { class: "image", role: "img", title: one.href }, ...children);
  if (one.style === "html" || one.style === "address") return make("span", { class: one.style }, ...children);
  const name = ELEMENTS[one.style];
  return name ? make(name, {}, ...children) : children.length === 1 ? children[0] : make("span", {}, ...children);
}

function leaf(one) {
  return one.at === undefined ? document.createTextNode(one.text ?? "") : placed(one.text ?? "", one.at);
}

function link(href, children) {
  const address = safe(href);
  if (!address) return make("span", { class: "no-link" }, ...children);
  return make("a", { href: address, rel: "noopener noreferrer", target: "_blank", title: address }, ...children);
}

/** The address, when it leads where a link may lead; else "". */
function safe(href) {
  try {
    return SCHEMES.includes(new URL(href).protocol) ? href : "";
  } catch {
    return "";
  }
}

function figure(block, silent, content, name) {
  const label = make("figcaption", {}, make("span", { class: "name" }, name));
  if (silent) label.append(make("span", { class: "unread" }, "not read aloud"));
  if (HEARABLE.includes(block.kind)) label.append(action("hear", "Hear it", block));
  if (block.kind === "code") label.append(action("copy-code", "Copy", block));
  return make("figure", { class: `${block.kind}` }, label, content);
}

/** A button that the transcript hears of, since the element may be another one when it is clicked. */
function action(name, label, block) {
  return make("button", { type: "button", class: "small", "data-action": name, "data-at": block.start }, label);
}

function title(block) {
  const count = `${block.lines.length} ${block.lines.length === 1 ? "line" : "lines"}`;
  return block.language ? `${block.language} code, ${count}` : `Code, ${count}`;
}

function shape(block) {
  const [rows, columns] = [block.rows.length - 1, block.rows[0]?.length ?? 0];
  return `Table, ${columns} ${columns === 1 ? "column" : "columns"} and ${rows} ${rows === 1 ? "row" : "rows"}`;
}

function code(block) {
  const content = make("code");
  block.lines.forEach((line, number) => {
    if (number) content.append(placed("\n", line.at - 1));
    content.append(...coloured(line));
  });
  return make("pre", { tabindex: 0, role: "group", "aria-label": title(block) }, content);
}

function coloured(line) {
  const parts = [];
  let at = 0;
  for (const [length, kind] of [...(line.runs ?? []), [line.text.length, ""]]) {
    const text = line.text.slice(at, at + length);
    if (text) parts.push(kind ? make("span", { class: `code-${word(kind)}` }, placed(text, line.at + at)) : placed(text, line.at + at));
    at += length;
  }
  return parts;
}

function table(block) {
  const columns = Math.max(...block.rows.map((row) => row.length));
  const cell = (name, nodes, column) =>
    make(name, { class: `to-${word(block.align?.[column] ?? "left")}`, scope: name === "th" && "col" }, ...nodes.map(node));
  const row = (name, cells) =>
    make("tr", {}, ...Array.from({ length: columns }, (_, column) => cell(name, cells[column] ?? [], column)));
  const [head, ...body] = block.rows;
  const drawn = make("table", {}, make("thead", {}, row("th", head)), make("tbody", {}, ...body.map((cells) => row("td", cells))));
  return make("div", { class: "wide", tabindex: 0, role: "group", "aria-label": shape(block) }, drawn);
}

function verbatim(block, silent) {
  const lines = [];
  (block.lines ?? []).forEach((line, number) => {
    if (number) lines.push(placed("\n", line.at - 1));
    lines.push(placed(line.text, line.at));
  });
  const note = silent ? make("p", { class: "unread" }, `${NAMES[block.kind]}: not read aloud`) : null;
  return make("div", { class: `verbatim ${block.kind}` }, make("div", { class: "lines" }, ...lines), note);
}
