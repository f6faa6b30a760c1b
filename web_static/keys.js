/** What the keys do: the one table of it, from which the help is made. */

import { byId, make } from "./dom.js";

/** action, what it does, keys at any time, single keys while nothing is typed */
export const KEYS = Object.freeze([
  ["send", "Send; what is spoken is interrupted", ["Enter"], []],
  ["newline", "Begin a new line", ["Shift+Enter"], []],
  ["recall", "Prompts from before, from the first line of the prompt", ["Up", "Down"], []],
  ["stop", "Silence at once; the reply ends where it was heard", ["Escape"], []],
  ["pause", "Pause the speech, or go on exactly where it was", ["Ctrl+Space"], ["Space"]],
  ["previous", "To the beginning of the sentence, or the one before", [], ["Left"]],
  ["next", "To the next sentence", [], ["Right"]],
  ["replay", "Speak the last reply again, or from the marked text on", [], ["R"]],
  ["hear", "Read aloud the last code or table that was not spoken", [], ["H"]],
  ["slower", "Speak a tenth slower", [], ["-"]],
  ["faster", "Speak a tenth faster", [], ["+"]],
  ["mute", "Silence, or sound again; the speech goes on", [], ["M"]],
  ["edit", "Edit the last prompt and ask anew", [], ["E"]],
  ["copy", "Copy the last reply", [], ["C"]],
  ["follow", "Go to the word that sounds, or to the newest text", [], ["F"]],
  ["chats", "Show or hide the conversations", [], ["L"]],
  ["new", "Begin a new conversation", [], ["N"]],
  ["prompt", "Go to the prompt", [], ["/"]],
  ["help", "Show these keys", [], ["?"]],
]);

const NAMES = Object.freeze({ " ": "Space", ArrowLeft: "Left", ArrowRight: "Right", "=": "+" });

/**
 * Hears the keys of the whole page.
 * @param {Object<string, Function>} actions by the names of the table
 * @param {() => boolean} single whether single keys act
 */
export function listen(actions, single) {
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.altKey || event.metaKey) return;
    if (event.key === "Escape") {
      if (!document.querySelector("dialog[open], [popover]:popover-open") && actions.stop()) event.preventDefault();
      return;
    }
    if (event.ctrlKey) {
      if (event.code === "Space") act("pause", event);
      return;
    }
    if (!single() || typed(event.target) || document.querySelector("dialog[open]")) return;
    if ((event.key === " " || event.key.startsWith("Arrow")) && event.target.closest("button, summary, a, select, input")) return;
    const key = NAMES[event.key] ?? event.key.toUpperCase();
    const found = KEYS.find(([, , , keys]) => keys.includes(key));
    if (found) act(found[0], event);
  });

  function act(name, event) {
    event.preventDefault();
    if (!event.repeat || name === "slower" || name === "faster") actions[name]();
  }
}

function typed(element) {
  return element instanceof HTMLElement
    && (element.isContentEditable || element.matches("textarea, select, input:not([type=checkbox]):not([type=range])"));
}

/** Writes the table into the help. */
export function describe() {
  const cell = (keys) => keys.flatMap((key, number) => [number ? " or " : "", make("kbd", {}, key)]);
  const rows = KEYS.map(([, about, always, alone]) =>
    make("tr", {}, make("td", {}, ...cell([...always, ...alone])), make("td", {}, about)));
  byId("keys").replaceChildren(make("table", {}, make("tbody", {}, ...rows)));
}
