/** Every frame of a socket of its own, both ways, and frames that a person writes. */

import { copy } from "./device.js";
import { byId, make, setText } from "./dom.js";
import { download } from "./export.js";
import { showFacts } from "./facts.js";
import { Connection, socketUrl } from "./socket.js";

const MOST = 2000; // frames that are kept
const SHOWN = 600; // characters of a frame
const EVERY = 500; // ms between two looks at the counters

const EXAMPLES = [
  { type: "ask", text: "Why is the sky blue?" },
  { type: "cancel", speech: 0, samples: 0 },
  { type: "pause" },
  { type: "resume" },
  { type: "sentence", step: 1 },
  { type: "speak", message: 2, start: 0, stop: null, aloud: false },
  { type: "set", speed: 1.5, voice: null, volume: null, model: null, persona: null },
  { type: "position", speech: 1, samples: 24000, underruns: 0 },
  { type: "typing", text: "Why is", rests: false },
  { type: "edit", message: 1, text: "Why is the sea salty?" },
  { type: "new" },
  { type: "list", query: "" },
  { type: "open", conversation: 1 },
  { type: "rename", conversation: 1, title: "Another title" },
  { type: "delete", conversation: 1, undo: false },
  { type: "ping", id: 1 },
  { type: "bye" },
  { type: "hello", version: 1, session: "", speech: 0, samples: 0, audio: "pcm", keep: false, conversation: null, restore: [] },
];

const begun = performance.now();
const frames = [];
let passed = 0; // also those that are no longer kept
let trip = null;
let scrolls = false; // before the screen is drawn next
let before = { at: begun, bytes: 0 };

const connection = new Connection({ url: socketUrl(), hello: () => ({ audio: byId("audio").value }) });
/** For those who look into the page. */
window.speakstream = { connection, frames };

connection.addEventListener("state", ({ detail: { state, retryIn, reason } }) => {
  const names = { connecting: "Connecting", open: "Connected", waiting: `No connection; tried again in ${retryIn.toFixed(1)} s`, closed: "Closed" };
  setText(byId("state"), `${names[state]}${reason ? `: ${reason}` : ""}`);
  byId("open").disabled = state === "open" || state === "connecting";
  byId("close").disabled = byId("break").disabled = state !== "open";
  byId("send").disabled = state !== "open";
});
connection.addEventListener("sent", ({ detail }) => keep("sent", detail.type, JSON.stringify(detail)));
connection.addEventListener("message", ({ detail }) => keep("received", detail.type, JSON.stringify(detail)));
connection.addEventListener("frame", ({ detail: { speech, sequence, first, pcm } }) => {
  const text = `speech ${speech}, frame ${sequence}, samples ${first} to ${first + pcm.length}`;
  keep("received", "(sound)", text, 2 * pcm.length + 12);
});
connection.addEventListener("rtt", ({ detail }) => (trip = detail));

/** One more frame; `bytes`: of a binary one. */
function keep(way, type, text, bytes = new TextEncoder().encode(text).length) {
  passed += 1;
  frames.push({ at: performance.now() - begun, way, type, bytes, text });
  if (frames.length > MOST) frames.shift();
  if (!byId("hold").checked) show(frames.at(-1));
  count();
}

function show(frame) {
  const wanted = byId("filter").value.toLowerCase();
  if (wanted && !`${frame.way} ${frame.type} ${frame.text}`.toLowerCase().includes(wanted)) return;
  const { at, way, type, bytes, text } = frame;
  const short = text.length > SHOWN ? `${text.slice(0, SHOWN)}… (${text.length} characters)` : text;
  const arrow = way === "sent" ? "→ sent" : "← received";
  const cells = [at.toFixed(0), arrow, type, bytes, short].map((cell) => make("td", {}, String(cell)));
  byId("frames").append(make("tr", { "data-type": type, "data-way": way }, ...cells));
  while (byId("frames").children.length > MOST) byId("frames").firstChild.remove();
  if (!scrolls) requestAnimationFrame(toNewest); // once, however many frames come until then
  scrolls = true;
}

function toNewest() {
  scrolls = false;
  if (byId("latest").checked) byId("scroll").scrollTop = byId("scroll").scrollHeight;
}

function count() {
  const dropped = passed - frames.length;
  setText(byId("count"), `${passed} frames${dropped ? `, the newest ${frames.length} are kept` : ""}`);
}

function showAll() {
  byId("frames").replaceChildren();
  frames.forEach(show);
}

function counters() {
  const { received, sound, sent } = connection.bytes;
  const now = performance.now();
  const rate = (received - before.bytes) / ((now - before.at) / 1000);
  before = { at: now, bytes: received };
  const facts = {
    session: connection.session ? `${connection.session.slice(0, 8)}…` : "none",
    "round trip": trip ? `${(1000 * trip.seconds).toFixed(1)} ms` : "not known yet",
    "it varies by": trip ? `${(1000 * trip.jitter).toFixed(1)} ms` : "not known yet",
    received: `${received} bytes`,
    "of it sound": `${sound} bytes`,
    sent: `${sent} bytes`,
    "now received": `${(rate / 1000).toFixed(1)} kB/s`,
    "bytes for each byte of sound": sound ? (received / sound).toFixed(3) : "no sound yet",
  };
  showFacts(byId("counters"), facts);
}

function send() {
  const text = byId("text").value;
  setText(byId("problem"), "");
  let type = "(raw)";
  try {
    type = JSON.parse(text)?.type ?? type;
  } catch (error) {
    if (!byId("anyway").checked) {
      setText(byId("problem"), `Not sent, for this is no JSON: ${error.message}`);
      return;
    }
  }
  connection.sendRaw(text);
  keep("sent", String(type), text);
}

byId("example").replaceChildren(...EXAMPLES.map((example, number) => make("option", { value: number }, example.type)));
byId("example").addEventListener("change", choose);
function choose() {
  byId("text").value = JSON.stringify(EXAMPLES[byId("example").value]);
}
choose();
byId("send").addEventListener("click", send);
byId("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) send();
});
byId("open").addEventListener("click", () => connection.open());
byId("close").addEventListener("click", () => connection.close());
byId("break").addEventListener("click", () => connection.break());
byId("audio").addEventListener("change", () => connection.renew());
byId("filter").addEventListener("input", showAll);
byId("hold").addEventListener("change", () => byId("hold").checked || showAll());
byId("clear").addEventListener("click", () => {
  frames.length = passed = 0;
  showAll();
  count();
});
const asJson = () => JSON.stringify(frames, null, 1);
byId("export").addEventListener("click", () => download("speakstream-frames.json", "application/json", asJson()));
byId("copy").addEventListener("click", async () => {
  setText(byId("copied"), (await copy(asJson())) ? "Copied." : "This browser did not let it be copied.");
});
setInterval(counters, EVERY);
counters();
connection.open();
