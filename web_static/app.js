/** Where the page begins: the server's settings, then the client. */

import { Client } from "./client.js";
import { byId, fillIcons, setText } from "./dom.js";
import { describe } from "./keys.js";
import { install } from "./device.js";

const FIRST_WAIT = 500; // ms until the server is asked again for its settings
const LONGEST_WAIT = 5000;

fillIcons();
describe();
setText(byId("missing"), install());
begin(await settings());

/** The server's /config; waits, and says so, until it is there. */
async function settings() {
  for (let wait = FIRST_WAIT; ; wait = Math.min(wait * 1.6, LONGEST_WAIT)) {
    const why = await asked();
    if (typeof why !== "string") return why;
    byId("connection").dataset.state = "waiting";
    setText(byId("connection-text"), "No connection");
    setText(byId("status"), why);
    await new Promise((done) => {
      setTimeout(done, wait);
      addEventListener("online", done, { once: true });
    });
  }
}

/** What it answers, or one line why not. */
async function asked() {
  try {
    const answer = await fetch("/config", { cache: "no-store" });
    if (answer.ok) return await answer.json();
    if (answer.status === 401) return "The server wants its access token: open the address that it printed.";
    return `The server answered with ${answer.status}; it is asked again.`;
  } catch {
    return "The server cannot be reached. Is speakstream serve running? It is tried again by itself.";
  }
}

function begin(config) {
  const client = new Client(config);
  setText(byId("version"), `SpeakStream ${config.version}`);
  window.speakstream = { connection: client.connection, player: client.player, app: client };
  client.start();
}
