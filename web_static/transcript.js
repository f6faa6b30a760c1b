/**
 * The conversation on the screen. It tells what a reader does in it by events: "word" {message, place}, "hear" {message,
 * start, end}, "act" {name, message}, "copy" {text, button}.
 */

import { make } from "./dom.js";
import { Light } from "./light.js";
import { Follow } from "./follow.js";
import { MessageView } from "./message.js";
import { leavesOf, placeAtPoint, rangeOf, wordAround } from "./places.js";

const DRAGGED = 5; // pixels from which on a click was a mark that is drawn

export class Transcript extends EventTarget {
  #list;
  #views = [];
  #pressed = null;

  /**
   * @param {HTMLElement} box what scrolls
   * @param {HTMLElement} list where the messages go
   */
  constructor(box, list) {
    super();
    this.#list = list;
    this.light = new Light();
    this.follow = new Follow(box, () => this.light.box);
    list.addEventListener("pointerdown", (event) => {
      this.#pressed = { x: event.clientX, y: event.clientY, marked: !getSelection().isCollapsed };
    });
    list.addEventListener("click", (event) => this.#clicked(event));
    list.addEventListener("scroll", () => this.light.place(), { capture: true, passive: true });
    if (CSS.highlights && matchMedia("(hover: hover)").matches) this.#hover();
  }

  /** The views, the oldest first. */
  get views() {
    return this.#views;
  }

  /** The view of a message; undefined: it is not shown. */
  view(message) {
    return this.#views.find((view) => view.message.id === message && message !== null);
  }

  /** The view in which an element is. */
  viewOf(element) {
    const article = element instanceof Element ? element.closest(".message") : element?.parentElement?.closest(".message");
    return this.#views.find((view) => view.element === article);
  }

  /**
   * Shows these messages in the place of any before; those that are there already stay as they are drawn.
   * @param {import("./message.js").Message[]} messages
   * @param {string} above a line before the first of them
   */
  show(messages, above = "") {
    const before = this.#views;
    this.#views = messages.map((message) => {
      const kept = before.find(
        (view) => view.message === message || (view.message.id !== null && view.message.id === message.id && view.message.role === message.role),
      );
      if (!kept) return this.#new(message);
      kept.message = message;
      kept.grow(0, message.blocks);
      kept.update(message);
      return kept;
    });
    for (const view of before) if (!this.#views.includes(view)) this.#forget(view);
    const line = above ? [make("p", { class: "above" }, above)] : [];
    const wanted = [...line, ...this.#views.map((view) => view.element)];
    for (const child of [...this.#list.children]) if (!wanted.includes(child)) child.remove();
    wanted.forEach((element, number) => {
      if (this.#list.children[number] !== element) this.#list.insertBefore(element, this.#list.children[number] ?? null);
    });
    this.#changed();
  }

  /** Shows one more message. One's own prompt is always brought on the screen. */
  add(message) {
    const view = this.#new(message);
    this.#views.push(view);
    this.#list.append(view.element);
    if (message.role === "user") this.follow.again(true);
    this.#changed();
  }

  /** A message has grown: its blocks from number `first` on are other ones. */
  grow(message, first) {
    const view = this.view(message.id);
    if (!view) return;
    view.grow(first, message.blocks.slice(first));
    this.light.changed(view);
    this.follow.newText();
  }

  /** A message has another state. */
  update(message) {
    const view = this.view(message.id);
    view?.update(message);
    if (view) this.light.changed(view);
  }

  /** A part of a message is not read aloud. */
  silence(message) {
    const view = this.view(message.id);
    view?.silence();
    if (view) this.light.changed(view);
  }

  /** What the reader has marked of a reply: the message and its place; null: nothing. */
  selected() {
    const selection = getSelection();
    const view = selection.rangeCount && !selection.isCollapsed ? this.viewOf(selection.getRangeAt(0).startContainer) : null;
    if (!view || view.message.role !== "assistant" || view.message.id === null) return null;
    const { startContainer, startOffset } = selection.getRangeAt(0);
    const leaf = leavesOf(view.body.element).find(({ node }) => node === startContainer);
    return leaf ? { message: view.message, place: leaf.at + startOffset } : null;
  }

  #new(message) {
    return new MessageView(message, (name, view) => this.#tell("act", { name, message: view.message, view }));
  }

  #forget(view) {
    this.light.mark(view, null);
    if (this.light.box && view.element.querySelector("[data-lit]")) this.light.light(null, null);
    view.element.remove();
  }

  #changed() {
    this.#list.classList.toggle("empty", !this.#views.length);
    this.#views.forEach((view, number) => view.element.classList.toggle("last", number >= this.#views.length - 2));
    this.follow.newText();
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  #clicked(event) {
    const button = event.target.closest("[data-action]");
    const view = this.viewOf(event.target);
    if (!view) return;
    if (button) {
      this.#acted(button, view);
      return;
    }
    const pressed = this.#pressed;
    this.#pressed = null;
    if (event.detail > 1 || event.button || pressed?.marked || !getSelection().isCollapsed) return;
    if (pressed && Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) > DRAGGED) return;
    if (event.target.closest("a, button, summary")) return;
    const found = this.#wordAt(event.clientX, event.clientY, view);
    if (found) this.#tell("word", { message: view.message, place: found.start });
  }

  #acted(button, view) {
    const block = view.body.blockAt(Number(button.dataset.at));
    if (!block) return;
    if (button.dataset.action === "hear") this.#tell("hear", { message: view.message, start: block.start, end: block.end });
    else this.#tell("copy", { text: block.lines.map((line) => line.text).join("\n"), button });
  }

  #wordAt(x, y, view) {
    if (!view || view.message.role !== "assistant" || view.message.id === null) return null;
    const found = placeAtPoint(x, y);
    return found && view.body.element.contains(found.node) ? wordAround(view.message.text, found.at) : null;
  }

  /** A quiet line under the word at the pointer: it can be clicked. */
  #hover() {
    const highlight = new Highlight();
    CSS.highlights.set("at-pointer", highlight);
    let point = null;
    const look = () => {
      highlight.clear();
      if (!point) return;
      const { x, y, target } = point;
      point = null;
      const view = target.closest("a, button") ? null : this.viewOf(target);
      const word = this.#wordAt(x, y, view);
      const range = word && rangeOf(view.leaves, word.start, word.end);
      if (range) highlight.add(range);
    };
    this.#list.addEventListener("pointermove", (event) => {
      if (!point) requestAnimationFrame(look);
      point = event.pointerType === "mouse" && !event.buttons ? { x: event.clientX, y: event.clientY, target: event.target } : null;
    });
    this.#list.addEventListener("pointerleave", () => {
      point = null;
      requestAnimationFrame(look);
    });
  }
}
