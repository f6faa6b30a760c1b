/** One message on the screen: its text, what is said about it, and its buttons. */

import { Body } from "./body.js";
import { iconButton, make, setText } from "./dom.js";
import { leavesOf, placed } from "./places.js";

const STOPPED = "stopped; the dimmer part was not heard";

/**
 * What a message is, in the page's memory; the server's ShownMessage and what was told of it since.
 * @typedef {Object} Message
 * @property {number|null} id the server's; null: of a part of the conversation that the server does not know
 * @property {"user"|"assistant"} role
 * @property {string} text
 * @property {Object[]} blocks
 * @property {number|null} heard
 * @property {string} reason
 * @property {string} error
 * @property {string} model
 * @property {string} voice
 * @property {number} created
 * @property {Object} metrics
 * @property {{start: number, end: number, why: string}[]} silents
 */

export class MessageView {
  #note = null;

  /**
   * @param {Message} message
   * @param {(name: string, view: MessageView) => void} act its buttons: "replay", "copy", "edit", "again"
   */
  constructor(message, act) {
    this.message = message;
    const user = message.role === "user";
    this.body = new Body();
    this.notes = make("div", { class: "notes" });
    this.figures = make("span", { class: "figures" });
    this.tools = make("div", { class: "tools" });
    this.#addTools(user, act);
    this.element = make(
      "article",
      { class: `message ${user ? "prompt" : "reply"}`, "data-role": message.role, tabindex: -1 },
      make("h2", { class: "unseen" }, user ? "You" : "Reply"),
      this.body.element,
      this.notes,
      this.tools,
    );
    this.update(message);
    this.grow(0, message.blocks);
  }

  #addTools(user, act) {
    const button = (name, icon, label) => iconButton(icon, label, () => act(name, this), { "data-does": name });
    if (user) {
      this.tools.append(button("edit", "edit", "Edit and ask anew"), button("copy", "copy", "Copy this prompt"));
    } else {
      this.tools.append(
        button("replay", "hear", "Speak this reply"),
        button("copy", "copy", "Copy this reply"),
        button("again", "again", "Answer anew"),
        this.figures,
      );
    }
  }

  /** The message is this now: another state, other figures; the text as it is. */
  update(message) {
    this.message = message;
    this.element.dataset.message = message.id ?? "";
    this.element.dataset.state = message.reason || "asked";
    this.element.classList.toggle("foreign", message.id === null);
    this.element.setAttribute("aria-busy", String(message.reason === "writing"));
    this.#showNotes();
    setText(this.figures, figures(message.metrics));
  }

  /** The blocks from number `first` on are these now. */
  grow(first, blocks) {
    if (this.message.role === "user" || (!blocks.length && !first && this.message.text)) this.#plain();
    else this.body.show(first, blocks, this.isSilent);
    this.#showNotes();
  }

  /** A part of it is not read aloud. */
  silence() {
    this.body.remark(this.isSilent);
    this.#showNotes();
  }

  /** Whether a block is not read aloud. */
  isSilent = (block) =>
    this.message.silents.some((one) => one.why !== "script" && one.start < block.end && block.start < one.end);

  /** Text without blocks: as it was typed. */
  #plain() {
    const { element } = this.body;
    const shown = element.firstChild;
    if (shown?.textContent === this.message.text) return;
    element.replaceChildren(make("p", { class: "as-typed" }, placed(this.message.text, 0)));
  }

  /** Under the text: how it ended, and what waits. */
  #showNotes() {
    const { message } = this;
    const notes = [];
    if (message.reason === "writing" && !message.text) notes.push(["waits", this.waiting || "Thinking"]);
    if (message.silents.some((one) => one.why === "script")) {
      notes.push(["unread", "Not read aloud: letters that the voice has no sounds for"]);
    }
    if (message.reason === "interrupted") notes.push(["stopped", STOPPED]);
    if (message.reason === "failed") notes.push(["failed", message.error || "The reply failed"]);
    const wanted = JSON.stringify(notes);
    if (wanted === this.#note) return;
    this.#note = wanted;
    this.notes.replaceChildren(...notes.map(([kind, text]) => make("p", { class: kind }, text)));
  }

  /** Why nothing of the reply is there yet: "2 turns come first". */
  wait(text) {
    if (this.waiting === text) return;
    this.waiting = text;
    this.#note = null;
    this.#showNotes();
  }

  /** The text nodes of what is shown. */
  get leaves() {
    return this.message.role === "user" ? leavesOf(this.body.element) : this.body.leaves;
  }
}

/** The figures of a turn in a few words: "first word 0.12 s · first sound 0.24 s". */
export function figures(metrics) {
  const parts = [];
  const seconds = (value) => `${value.toFixed(2)} s`;
  const sound = metrics.heard_first ?? metrics.first_audible ?? metrics.first_audio;
  if (metrics.first_token != null) parts.push(`first word ${seconds(metrics.first_token)}`);
  if (sound != null) parts.push(`first sound ${seconds(sound)}`);
  if (metrics.tokens_per_second != null) parts.push(`${Math.round(metrics.tokens_per_second)} tokens/s`);
  return parts.join(" · ");
}
