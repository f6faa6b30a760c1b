/** The conversation as a file: Markdown to read, JSON to work with, in the forms of `speakstream history export`. */

const FORMAT = "speakstream-conversation";
const VERSION = 1;

const day = (seconds) => {
  const moment = new Date(seconds * 1000);
  const two = (number) => String(number).padStart(2, "0");
  const date = `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
  return `${date} ${two(moment.getHours())}:${two(moment.getMinutes())}`;
};
const utc = (seconds) => new Date(seconds * 1000).toISOString();

/**
 * @param {string} title
 * @param {import("./message.js").Message[]} messages
 */
export function asMarkdown(title, messages) {
  const parts = [`# ${title}`];
  for (const message of messages) {
    const who = message.role === "user" ? "You" : message.model || "Reply";
    parts.push(message.created ? `## ${who}, ${day(message.created)}` : `## ${who}`, closed(message.text.trim()));
    if (message.role === "assistant") parts.push(`*${outcome(message)}*`);
  }
  return `${parts.filter(Boolean).join("\n\n")}\n`;
}

/** A code block that a reply left open is closed, so that what follows is not in it. */
function closed(text) {
  let fence = "";
  for (const line of text.split("\n")) {
    const found = /^ {0,3}(`{3,}|~{3,})(.*)$/.exec(line);
    if (!found) continue;
    if (!fence) fence = found[1];
    else if (found[1].startsWith(fence) && !found[2].trim()) fence = "";
  }
  return fence ? `${text}\n${fence}` : text;
}

function outcome({ reason, error, heard, text, voice }) {
  const by = voice ? ` from ${voice}` : "";
  const parts = [];
  if (heard === null || heard === undefined) parts.push("not spoken");
  if (reason === "interrupted") parts.push("interrupted");
  if (reason === "failed") parts.push(`failed: ${error}`);
  if (heard >= text.trimEnd().length) parts.push(`heard to the end${by}`);
  else if (heard) parts.push(`heard${by} as far as “…${text.slice(0, heard).replace(/[*_`#]+/g, "").split(/\s+/).slice(-6).join(" ")}”`);
  else if (heard === 0) parts.push("nothing of it was heard");
  const said = parts.join("; ").replace(/([\\`*_<>[\]])/g, "\\$1");
  return `${said[0]?.toUpperCase() ?? ""}${said.slice(1)}.`;
}

/**
 * @param {string} title
 * @param {number|null} id
 * @param {import("./message.js").Message[]} messages
 */
export function asJson(title, id, messages) {
  const created = messages[0]?.created ?? 0;
  const updated = messages.at(-1)?.created ?? 0;
  const conversation = { id, title, persona: "", created: utc(created), updated: utc(updated), messages: messages.length };
  const keys = ({ id: number, role, created: moment, text, heard, reason, error, model, voice, metrics }) => ({
    id: number, conversation: id, role, created: utc(moment), text, told: "", heard: heard ?? null, reason, error, model, voice, metrics,
  });
  return `${JSON.stringify({ format: FORMAT, version: VERSION, conversation, messages: messages.map(keys) }, null, 1)}\n`;
}

/** Hands a text to the browser as a file to keep. */
export function download(name, type, text) {
  const address = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** A name for the file of a conversation. */
export function fileName(title, ending) {
  const bare = title.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "").slice(0, 40);
  return `${bare || "conversation"}.${ending}`;
}
