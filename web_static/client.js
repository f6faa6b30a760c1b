/**
 * The client: what the server tells goes to the page, and what the person does goes to the server.
 *
 * It joins the parts, each of which knows nothing of the others: the connection, the conversation, its drawing, the
 * speech, and the controls.
 */

import { Chats } from "./chats.js";
import { Composer } from "./composer.js";
import { Controls } from "./controls.js";
import { Conversation } from "./conversation.js";
import { WakeLock, copy, mediaKeys, mediaState } from "./device.js";
import { byId, icon, make, setText } from "./dom.js";
import { asJson, asMarkdown, download, fileName } from "./export.js";
import { listen } from "./keys.js";
import { Banner, announce, toast } from "./notices.js";
import { Player } from "./player.js";
import { Reader } from "./reader.js";
import { Connection, socketUrl } from "./socket.js";
import { Speech } from "./speech.js";
import { Standing } from "./standing.js";
import { Store } from "./store.js";
import { Transcript } from "./transcript.js";

const EXAMPLES = ["Why is the sky blue?", "Tell me a short story about a lighthouse.", "Explain recursion, with an example in Python."];
const ROOM = 2048; // bytes of a Hello besides the conversation
const COPIED = 1500; // ms for which a button says so

export class Client {
  #editing = null; // the message in whose place the next prompt is asked
  #asked = 0; // when the last prompt was sent, until its first sound
  #queued = 0;
  #fresh = true; // the server has not been told yet what the person chose
  #unstopped = false; // a stop that the server was not told of
  #wake = new WakeLock();

  /** @param {Object} config the server's /config */
  constructor(config) {
    this.config = config;
    this.store = new Store();
    this.store.limit = config.history_limit;
    this.banner = new Banner();
    this.conversation = new Conversation();
    this.player = new Player({ sampleRate: config.sample_rate ?? undefined });
    this.connection = new Connection({ url: socketUrl(), hello: () => this.#hello(), received: () => this.player.received() });
    this.speech = new Speech(this.player, (type, fields) => this.connection.send(type, fields));
    this.controls = new Controls(this.store, this.player, config);
    this.composer = new Composer(byId("composer"), byId("prompt"));
    this.transcript = new Transcript(byId("transcript"), byId("messages"));
    this.chats = new Chats(this);
    this.standing = new Standing(this);
    this.reader = new Reader(this);
    this.#listen();
  }

  /** Shows what was kept, and connects. */
  start() {
    this.store.sweep();
    this.chats.restore();
    this.#show();
    this.composer.text = this.store.settings().draft ?? "";
    this.#single(this.store.settings().singleKeys ?? true);
    this.transcript.follow.mode = byId("follow").value = this.store.settings().follow ?? "word";
    if (matchMedia("(hover: hover)").matches) this.composer.focus(); // on a phone, a keyboard would cover the page
    this.connection.open();
  }

  // -- what the person does -------------------------------------------------------------------------------

  /** Asks; what is written or spoken is interrupted. @returns {boolean} whether it was taken */
  ask(text) {
    const most = this.config.max_prompt_chars;
    if ([...text].length > most) {
      toast(`The prompt has ${[...text].length} characters; at most ${most} are taken.`, { kind: "error" });
      return false;
    }
    this.#leave();
    this.speech.unhush();
    const waits = this.connection.state !== "open";
    if (this.#editing) this.connection.send("edit", { message: this.#editing.id, text });
    else this.connection.send("ask", { text });
    if (waits) toast("It is asked as soon as the server is reached.");
    this.#edit(null);
    this.#asked = performance.now();
    this.transcript.follow.again();
    return true;
  }

  /** Silence, and no more text. @returns {boolean} whether there was anything to stop */
  stop() {
    const writing = this.conversation.writing;
    if (!writing && this.speech.message === null && !this.#queued) return false;
    const told = this.connection.state === "open";
    this.speech.cancel(writing?.id ?? null);
    this.#unstopped = !told;
    this.#asked = 0;
    return true;
  }

  /** Holds the speech, or goes on. */
  pause() {
    if (this.speech.message !== null) this.speech.pause();
  }

  /** To another sentence. */
  sentence(step) {
    if (this.speech.message === null) return;
    this.speech.report();
    this.connection.send("sentence", { step });
  }

  /** Reads a message aloud. */
  speak(message, start = 0, more = {}) {
    if (message.id === null || this.connection.state !== "open") {
      toast("The server does not know this message at the moment.");
      return;
    }
    if (!this.config.audio) {
      toast("This server has no sound (it was started with --no-audio).");
      return;
    }
    this.#leave();
    this.connection.send("speak", { message: message.id, start, ...more });
  }

  /** Another conversation, empty. */
  renew() {
    this.#leave();
    this.#edit(null);
    this.chats.begin();
    this.#show();
    this.composer.focus();
  }

  /** Shows a conversation of this browser, and lets the server go on with it. */
  reopen(messages) {
    this.#leave();
    this.#edit(null);
    this.conversation.begin(messages);
    this.#show();
    this.connection.renew();
  }

  /** Another conversation of the server's history. */
  open(conversation) {
    this.#leave();
    this.#edit(null);
    this.connection.send("open", { conversation });
  }

  /** What is spoken ends here, for something else takes its place; the sound may begin from now on. */
  #leave() {
    if (this.config.audio) this.player.unlock().catch(() => undefined); // it may not before a gesture: the page says so
    this.speech.leave();
  }

  #edit(message) {
    if (this.#editing === message) return;
    this.#editing = message;
    byId("editing").hidden = message === null;
    if (message) {
      this.composer.text = message.text;
      this.composer.focus();
    }
  }

  #act(name, message, view) {
    if (name === "replay") this.speak(message);
    else if (name === "copy") this.#copy(message.text, view?.element.querySelector("[data-does=copy]"));
    else if (message.id === null) toast("The server does not know this message; ask anew below.");
    else if (name === "edit") this.#edit(message);
    else this.#again(message);
  }

  /** The prompt of a reply, asked once more. */
  #again(message) {
    const { messages } = this.conversation;
    const prompt = messages.slice(0, messages.indexOf(message)).findLast((one) => one.role === "user");
    if (!prompt || prompt.id === null) return;
    this.#editing = prompt;
    this.ask(prompt.text);
  }

  async #copy(text, button) {
    if (!(await copy(text))) {
      toast("This browser did not let it be copied.", { kind: "error" });
      return;
    }
    announce("Copied");
    if (!button) {
      toast("Copied.");
      return;
    }
    const shown = [...button.childNodes];
    if (button.dataset.copied) return;
    button.dataset.copied = "true";
    button.replaceChildren(icon("done"));
    setTimeout(() => {
      button.replaceChildren(...shown);
      delete button.dataset.copied;
    }, COPIED);
  }

  #export(kind) {
    const { messages, id, title } = this.conversation;
    byId("export-panel").hidePopover();
    if (!messages.length) toast("There is nothing to export yet.");
    else if (kind === "copy") this.#copy(asMarkdown(title, messages));
    else if (kind === "json") download(fileName(title, "json"), "application/json", asJson(title, id, messages));
    else download(fileName(title, "md"), "text/markdown", asMarkdown(title, messages));
  }

  /** What was not read aloud, the newest of it. */
  #hear() {
    const message = this.conversation.newest("assistant");
    const silent = message?.silents.findLast((one) => one.why !== "script");
    if (silent) this.speak(message, silent.start, { stop: silent.end, aloud: true });
    else toast("All of the last reply is read aloud.");
  }

  #replay() {
    const selected = this.transcript.selected();
    const message = selected?.message ?? this.conversation.newest("assistant");
    if (message) this.speak(message, selected?.place ?? 0);
  }

  #single(on) {
    byId("single-keys").checked = on;
    this.store.set("singleKeys", on);
  }

  // -- what the server tells ------------------------------------------------------------------------------

  #hello() {
    return { audio: this.config.audio ? "pcm" : "off", ...this.chats.hello(this.config.max_message_bytes - ROOM) };
  }

  #take(message) {
    if (this.speech.take(message)) return;
    const take = this.#told[message.type];
    if (take) take(message);
  }

  #told = {
    welcome: ({ resumed }) => {
      if (resumed && this.#unstopped) this.speech.cancel(this.conversation.writing?.id ?? null);
      this.#unstopped = false;
      if (resumed) return;
      this.speech.reset();
      this.conversation.forgotten();
      this.#fresh = true;
      this.#queued = 0;
      this.#edit(null);
    },
    status: (status) => {
      if (this.#fresh) {
        this.#fresh = false;
        const wanted = this.controls.wanted(status);
        if (Object.keys(wanted).length) this.connection.send("set", wanted);
      }
      this.controls.show(status);
      this.standing.show(status);
    },
    opened: (opened) => {
      this.conversation.opened(opened);
      this.#show();
    },
    added: (added) => {
      const message = this.conversation.added(added);
      this.chats.shown();
      if (message.role === "user") this.chats.save();
      this.transcript.add(message);
      this.#named();
      if (this.#queued) this.#wait();
      this.reader.run();
    },
    text: (grown) => {
      const message = this.conversation.grown(grown);
      if (message) this.transcript.grow(message, grown.first);
    },
    silent: (silent) => {
      const message = this.conversation.silent(silent);
      if (message) this.transcript.silence(message);
    },
    ended: (ended) => {
      this.speech.unhush(ended.message.id);
      const message = this.conversation.ended(ended);
      if (!message) return;
      this.#queued = 0;
      this.transcript.update(message);
      this.reader.settle();
      this.chats.save();
      if (message.reason === "failed") announce(`The reply failed: ${message.error}`);
      else announce(this.#isHeard ? "The reply is complete" : message.text); // a screen reader does not talk over the voice
    },
    queue: ({ position }) => {
      this.#queued = position;
      this.#wait();
    },
    conversations: (found) => this.chats.listed(found),
    notice: ({ text }) => toast(text),
    error: ({ about, text }) => {
      if (about === "hello") return; // the connection says why it ended
      toast(text, { kind: "error" });
    },
    closing: ({ seconds }) => toast(`The server is ending, in ${Math.ceil(seconds)} s at the latest; the page comes back with it.`),
  };

  get #isHeard() {
    return this.config.audio && this.player.unlocked && !this.player.muted && this.player.volume > 0;
  }

  #wait() {
    const view = this.transcript.view(this.conversation.writing?.id ?? null);
    const others = this.#queued === 1 ? "One other turn comes first" : `${this.#queued} other turns come first`;
    view?.wait(this.#queued ? others : "");
  }

  /** Draws the conversation anew. */
  #show() {
    const { messages, older } = this.conversation;
    this.transcript.light.clear();
    this.transcript.show(messages, older ? `${older} older messages are in the history` : "");
    byId("welcome").hidden = messages.length > 0;
    this.transcript.follow.again(true);
    this.#named();
    this.reader.settle();
    this.reader.run();
    this.chats.shown();
  }

  #named() {
    const { title, messages } = this.conversation;
    byId("welcome").hidden = messages.length > 0;
    setText(byId("title"), title || "SpeakStream");
    document.title = title ? `${title} · SpeakStream` : "SpeakStream";
    this.composer.former = messages.filter((message) => message.role === "user").map((message) => message.text);
  }

  // -- who hears whom -------------------------------------------------------------------------------------

  #listen() {
    const { connection, composer, controls, transcript, speech } = this;
    on(connection, "message", (message) => this.#take(message));
    on(connection, "frame", (frame) => speech.frame(frame));
    on(connection, "rtt", ({ jitter }) => this.player.jitter.meets(jitter));
    on(connection, "state", (state) => this.standing.connected(state));
    on(speech, "speech", () => this.#spoken());
    on(speech, "sound", () => this.#sounds());
    on(this.player, "state", () => this.standing.sound());
    on(composer, "send", ({ text }) => this.ask(text) && composer.clear());
    on(composer, "typing", (typed) => connection.send("typing", typed));
    on(composer, "change", () => this.standing.typed());
    on(controls, "previous", () => this.sentence(-1));
    on(controls, "next", () => this.sentence(1));
    on(controls, "pause", () => this.pause());
    on(controls, "stop", () => this.stop());
    on(controls, "set", (fields) => {
      speech.report();
      connection.send("set", fields);
    });
    on(transcript, "word", ({ message, place }) => this.speak(message, place));
    on(transcript, "hear", ({ message, start, end }) => this.speak(message, start, { stop: end, aloud: true }));
    on(transcript, "act", ({ name, message, view }) => this.#act(name, message, view));
    on(transcript, "copy", ({ text, button }) => this.#copy(text, button));
    this.#listenToPage();
  }

  #listenToPage() {
    const clicks = {
      new: () => this.renew(),
      jump: () => this.transcript.follow.again(),
      help: () => this.#help(),
      "help-close": () => byId("help-dialog").close(),
      "editing-leave": () => this.#leaveEditing(),
      "export-markdown": () => this.#export("markdown"),
      "export-json": () => this.#export("json"),
      "copy-all": () => this.#export("copy"),
    };
    for (const [id, act] of Object.entries(clicks)) byId(id).addEventListener("click", act);
    byId("single-keys").addEventListener("change", (event) => this.#single(event.target.checked));
    byId("follow").addEventListener("change", ({ target }) => {
      this.store.set("follow", target.value);
      this.transcript.follow.mode = target.value;
      this.transcript.follow.again();
    });
    byId("examples").replaceChildren(...EXAMPLES.map((text) => make("button", { type: "button", onclick: () => this.ask(text) }, text)));
    addEventListener("pagehide", () => {
      this.store.set("draft", this.composer.text);
      this.chats.save();
    });
    const actions = {
      stop: () => this.stop() || this.#leaveEditing(),
      pause: () => this.pause(),
      previous: () => this.sentence(-1),
      next: () => this.sentence(1),
      replay: () => this.#replay(),
      hear: () => this.#hear(),
      slower: () => this.controls.faster(-0.1),
      faster: () => this.controls.faster(0.1),
      mute: () => this.controls.mute(),
      edit: () => this.#last("user", "edit"),
      copy: () => this.#last("assistant", "copy"),
      follow: () => this.transcript.follow.again(),
      chats: () => this.chats.toggle(),
      new: () => this.renew(),
      prompt: () => this.composer.focus(),
      help: () => this.#help(),
    };
    listen(actions, () => byId("single-keys").checked);
    mediaKeys({ ...actions, play: () => this.speech.paused && this.pause(), pause: () => !this.speech.paused && this.pause() });
  }

  #last(role, name) {
    const message = this.conversation.newest(role);
    if (message) this.#act(name, message, this.transcript.view(message.id));
  }

  #help() {
    byId("help-dialog").showModal();
  }

  #leaveEditing() {
    if (!this.#editing) return false;
    this.#edit(null);
    this.composer.clear();
    return true;
  }

  /** Another speech began, or none is spoken any more. */
  #spoken() {
    const { message, paused } = this.speech;
    this.#wake.hold(message !== null && !paused);
    mediaState(message === null ? "none" : paused ? "paused" : "playing", this.conversation.title || "SpeakStream");
    this.standing.sound();
    this.reader.run();
  }

  /** The first of a speech is heard. */
  #sounds() {
    const message = this.conversation.find(this.speech.message);
    if (!message || !this.#asked) return;
    message.metrics.heard_first = (performance.now() - this.#asked) / 1000;
    this.#asked = 0;
    this.transcript.update(message);
  }
}

function on(target, name, act) {
  target.addEventListener(name, (event) => act(event.detail ?? {}));
}
