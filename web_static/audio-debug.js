/** What the sound goes through, in figures: a tone of the page's own, a turn through the server, the player as it plays. */

import { copy } from "./device.js";
import { byId, setText } from "./dom.js";
import { download } from "./export.js";
import { showFacts } from "./facts.js";
import { Player } from "./player.js";
import { Connection, socketUrl } from "./socket.js";
import { Speech } from "./speech.js";

const TONE_SECONDS = 3;
const TONE_HZ = 440;
const FRAME_SECONDS = 0.05;
const AHEAD_SECONDS = 0.15; // that a frame comes before it is due, as from the server
const SPREAD = 0.618; // its multiples leave no part between 0 and 1 out
const FADE_SECONDS = 0.02;
const OWN = 2 ** 31; // numbers of the tones: no speech of the server has them
const HISTORY = 400; // points of the graph, one every 50 ms
const EVERY = 50;

const player = new Player();
const connection = new Connection({
  url: socketUrl(),
  hello: () => ({}),
  received: () => (isTone() ? { speech: 0, samples: 0 } : player.received()),
});
const speech = new Speech(player, tell);
const points = []; // {buffered, gap, sounding}
const tones = []; // of the report
let own = OWN;
let playing = null; // the newest tone
let pushed = 0; // when the first samples of a speech were handed to the player
let turn = null; // {asked, times}
let firstSound = null; // seconds
let underruns = 0;

/** For those who look into the page. */
window.speakstream = { connection, player, report };

/** Whether what the player has is no speech of the server's. */
const isTone = () => player.received().speech > OWN;

/** Places in a tone are none of the server's business. */
function tell(type, fields) {
  if (!isTone()) connection.send(type, fields);
  else if (type === "cancel") connection.send(type); // a reply that is not spoken yet
}

/** No more of a tone, nor of a reply. */
function hush() {
  speech.cancel();
  player.silence(own);
}

async function tone() {
  hush();
  const rate = Number(byId("rate").value);
  const jitter = Math.min(500, Math.max(0, Number(byId("jitter").value) || 0)) / 1000;
  const number = (own += 1);
  const samples = sine(rate);
  playing = { rate, jitter, samples: samples.length, before: player.underruns };
  player.begin(number, rate);
  await player.unlock().catch(() => undefined); // the page says what it may
  pushed = performance.now();
  const size = Math.round(rate * FRAME_SECONDS);
  let due = 0;
  for (let first = 0; first < samples.length; first += size) {
    const late = jitter * ((first / size * SPREAD) % 1); // irregular, and the same for every tone
    due = Math.max(due, 1000 * (first / rate - AHEAD_SECONDS + late)); // in order, as over a socket
    const pcm = samples.subarray(first, first + size);
    setTimeout(() => player.push({ speech: number, first, pcm }), due);
  }
  setTimeout(() => player.end(number, samples.length), due);
}

/** A tone was heard to its end. */
function heard({ rate, jitter, samples, before }) {
  const { underruns: after, jitter: { target } } = player;
  tones.push({ rate, jitter, samples, position: player.position(), underruns: after - before, target });
}

/** A sine that begins and ends softly. */
function sine(rate) {
  const length = rate * TONE_SECONDS;
  return Int16Array.from({ length }, (_, at) => {
    const edge = Math.min(1, at / (rate * FADE_SECONDS), (length - at) / (rate * FADE_SECONDS));
    return 12000 * edge * Math.sin((2 * Math.PI * TONE_HZ * at) / rate);
  });
}

async function ask() {
  hush();
  await player.unlock().catch(() => undefined);
  turn = { asked: performance.now(), times: {} };
  if (!connection.send("ask", { text: byId("prompt").value || "Hello" })) setText(byId("state"), "There is no connection.");
}

/** The first time that something happens in the turn. */
function reached(name) {
  if (!turn || name in turn.times) return;
  turn.times[name] = (performance.now() - turn.asked) / 1000;
  const inWords = Object.entries(turn.times).map(([key, value]) => [key, `${(1000 * value).toFixed(0)} ms`]);
  showFacts(byId("times"), Object.fromEntries(inWords));
}

connection.addEventListener("state", ({ detail: { state, reason } }) => {
  setText(byId("state"), state === "open" ? "Connected" : `${state}${reason ? `: ${reason}` : ""}`);
  byId("speak").disabled = state !== "open";
});
connection.addEventListener("rtt", ({ detail }) => player.jitter.meets(detail.jitter));
connection.addEventListener("message", ({ detail: message }) => {
  if (message.type === "welcome" && !message.resumed) speech.reset();
  if (message.type === "text") reached("first text");
  if (message.type === "speech") pushed = performance.now();
  if (message.type === "error") setText(byId("state"), message.text);
  speech.take(message);
  if (message.type === "ended") reached("reply complete");
});
connection.addEventListener("frame", ({ detail }) => {
  reached("first sound arrived");
  speech.frame(detail);
});
speech.addEventListener("sound", () => reached("first sound heard"));
player.addEventListener("ended", () => {
  if (isTone()) heard(playing);
  else reached("last sound heard");
});
player.addEventListener("started", () => (firstSound = (performance.now() - pushed) / 1000));

const ms = (seconds) => (seconds === undefined || seconds === null ? "not known" : `${(1000 * seconds).toFixed(1)} ms`);

function look() {
  const { context } = player;
  points.push({ buffered: player.buffered(), gap: player.underruns > underruns, sounding: player.sounding });
  underruns = player.underruns;
  if (points.length > HISTORY) points.shift();
  showFacts(byId("facts"), {
    "may make sound": player.unlocked ? "yes" : "not before a click or a key",
    "AudioContext": context?.state ?? "none yet",
    "its rate": context ? `${context.sampleRate} Hz` : "none yet",
    way: player.way || "none yet",
    "base latency": ms(context?.baseLatency),
    "output latency": ms(context?.outputLatency),
    "first samples to first sound": ms(firstSound),
    "begins with": ms(player.jitter.target),
    waits: `${player.buffered().toFixed(2)} s`,
    position: `${Math.round(player.position())} samples`,
    level: player.level() ? `${(20 * Math.log10(player.level())).toFixed(0)} dB` : "silence",
    gaps: player.underruns,
  });
  draw();
}

function draw() {
  const canvas = byId("graph");
  const pen = canvas.getContext("2d");
  const style = getComputedStyle(document.documentElement);
  const most = Math.max(0.5, ...points.map((point) => point.buffered)) * 1.1;
  const { clientWidth: width, clientHeight: height } = canvas;
  const step = width / HISTORY;
  canvas.width = width * devicePixelRatio; // which also clears it
  canvas.height = height * devicePixelRatio;
  pen.scale(devicePixelRatio, devicePixelRatio);
  points.forEach(({ buffered, gap, sounding }, number) => {
    const high = (buffered / most) * (height - 18);
    pen.fillStyle = style.getPropertyValue(sounding ? "--glow" : "--quiet");
    pen.fillRect(number * step, height - high, Math.max(1, step - 0.5), high);
    if (!gap) return;
    pen.fillStyle = style.getPropertyValue("--bad");
    pen.fillRect(number * step, 0, 2, height);
  });
  pen.fillStyle = style.getPropertyValue("--ink");
  pen.font = "13px system-ui, sans-serif";
  pen.fillText(`${most.toFixed(1)} s`, 4, 14);
}

/** All that the page knows, without any text of the person's. */
function report() {
  const { context } = player;
  return {
    page: "speakstream audio report 1",
    moment: new Date().toISOString(),
    browser: navigator.userAgent,
    secure: isSecureContext,
    worklet: "AudioWorkletNode" in window,
    context: context && { state: context.state, rate: context.sampleRate, base: context.baseLatency, output: context.outputLatency },
    way: player.way,
    unlocked: player.unlocked,
    volume: player.volume,
    target: player.jitter.target,
    underruns: player.underruns,
    first_sound: firstSound,
    connection: { state: connection.state, ...connection.bytes },
    turn: turn?.times ?? null,
    tones,
    buffered: points.map(({ buffered }) => Number(buffered.toFixed(3))),
  };
}

function showReport() {
  const text = JSON.stringify(report(), null, 1);
  byId("report").textContent = text;
  return text;
}

byId("tone").addEventListener("click", tone);
byId("speak").addEventListener("click", ask);
byId("stop").addEventListener("click", hush);
byId("volume").addEventListener("input", ({ target }) => (player.volume = target.value / 100));
byId("download").addEventListener("click", () => download("speakstream-audio.json", "application/json", showReport()));
byId("copy").addEventListener("click", async () => {
  setText(byId("copied"), (await copy(showReport())) ? "Copied." : "This browser did not let it be copied.");
});
player.volume = 0.8;
setInterval(look, EVERY);
look();
showFacts(byId("times"), { "no turn yet": "" });
connection.open();
