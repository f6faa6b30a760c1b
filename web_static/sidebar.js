/**
 * The list of conversations, of this browser or of the server's history.
 *
 * Events: "open" {id}, "new", "list" {query}, "rename" {id, title}, "delete" {id, title}, "keep" {keep}.
 */

import { byId, iconButton, make, setText } from "./dom.js";

const SOUGHT = 200; // ms after a key until it is sought

export class Sidebar extends EventTarget {
  #aside = byId("sidebar");
  #button = byId("sidebar-open");
  #present = null;
  #timer = 0;

  constructor() {
    super();
    this.#button.addEventListener("click", () => this.toggle());
    byId("sidebar-close").addEventListener("click", () => this.toggle(false));
    byId("sidebar-new").addEventListener("click", () => this.#tell("new"));
    byId("search").addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.ask(), SOUGHT);
    });
    byId("keep").addEventListener("change", (event) => this.#tell("keep", { keep: event.target.checked }));
    document.addEventListener("pointerdown", (event) => {
      if (this.isOpen && !event.target.closest("#sidebar, #sidebar-open, #toasts")) this.leave();
    });
    this.#aside.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.target.closest(".renaming")) return;
      event.preventDefault();
      event.stopPropagation();
      this.toggle(false);
    });
  }

  get isOpen() {
    return !this.#aside.hidden;
  }

  /** What is sought. */
  get query() {
    return byId("search").value.trim();
  }

  /** Shows or hides it. */
  toggle(open = !this.isOpen) {
    const had = this.#aside.contains(document.activeElement);
    this.#aside.hidden = !open;
    document.body.classList.toggle("with-sidebar", open);
    this.#button.setAttribute("aria-expanded", String(open));
    if (open) {
      this.ask();
      const first = matchMedia("(hover: hover)").matches ? "search" : "sidebar-close"; // on a phone, no keyboard comes up
      byId(first).focus({ preventScroll: true });
    } else if (had) {
      this.#button.focus();
    }
  }

  /** After a choice on a narrow screen, where it lies over the conversation. */
  leave() {
    if (matchMedia("(max-width: 900px)").matches) this.toggle(false);
  }

  /** Wants the list anew, if it is shown. */
  ask() {
    if (this.isOpen) this.#tell("list", { query: this.query });
  }

  /** Whether the server has a history, and whether it is used. */
  offerKeeping(offered, keep) {
    byId("keep-row").hidden = !offered;
    byId("keep").checked = keep;
    setText(
      byId("keep-about"),
      keep ? "These are in the history that speakstream chat has, too." : "These are kept in this browser alone.",
    );
  }

  /**
   * Shows a list.
   * @param {{id: number|string, title: string, updated: number, excerpt?: string}[]} chats
   * @param {number|string|null} present the one that is shown
   */
  show(chats, present) {
    this.#present = present;
    if (this.#aside.querySelector(".renaming")) return;
    byId("chats").replaceChildren(...chats.map((chat) => this.#row(chat)));
    byId("no-chats").hidden = chats.length > 0;
    setText(byId("no-chats"), this.query ? `Nothing has “${this.query}” in it.` : "No conversations yet.");
  }

  #row(chat) {
    const title = chat.title || "Without a title";
    const row = make("li", { class: chat.id === this.#present ? "present" : null });
    const open = make(
      "button",
      { type: "button", class: "chat", "aria-current": chat.id === this.#present && "true", onclick: () => this.#tell("open", { id: chat.id }) },
      make("span", { class: "chat-title" }, title),
      chat.excerpt ? make("span", { class: "quiet excerpt" }, chat.excerpt) : null,
      make("span", { class: "quiet" }, ago(chat.updated)),
    );
    row.append(
      open,
      iconButton("edit", `Rename “${title}”`, () => this.#rename(row, chat)),
      iconButton("trash", `Delete “${title}”`, () => this.#tell("delete", { id: chat.id, title })),
    );
    return row;
  }

  #rename(row, chat) {
    const box = make("input", { class: "renaming", "aria-label": "Title", maxlength: 120 });
    box.value = chat.title;
    let done = false;
    const end = (keep) => {
      if (done) return;
      done = true;
      const title = box.value.trim();
      box.remove();
      row.classList.remove("is-renamed");
      if (keep && title && title !== chat.title) this.#tell("rename", { id: chat.id, title });
      else this.ask();
    };
    box.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      if (event.key === "Enter") end(true);
      if (event.key === "Escape") end(false);
    });
    box.addEventListener("blur", () => end(true));
    row.classList.add("is-renamed");
    row.prepend(box);
    box.select();
  }

  #tell(name, detail = {}) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/** When, in few words. */
export function ago(seconds, now = Date.now() / 1000) {
  const past = now - seconds;
  if (past < 60) return "just now";
  if (past < 3600) return `${Math.floor(past / 60)} min ago`;
  const then = new Date(seconds * 1000);
  if (past < 20 * 3600) return then.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return then.toLocaleDateString([], { day: "numeric", month: "short", year: past > 300 * 86400 ? "numeric" : undefined });
}
