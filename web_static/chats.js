/** Conversations: which one is shown, where it is kept (in this browser or in the server's history), and their list. */

import { restored } from "./conversation.js";
import { toast } from "./notices.js";
import { Sidebar } from "./sidebar.js";

const SERVERS = "#"; // before the number of a conversation of the server's history

export class Chats {
  #client;
  #sidebar = new Sidebar();
  #keeps; // in the server's history

  /** @param {import("./client.js").Client} client */
  constructor(client) {
    this.#client = client;
    this.#keeps = client.config.keeps_history && (client.store.settings().keep ?? false);
    const sidebar = this.#sidebar;
    const hear = (name, act) => sidebar.addEventListener(name, (event) => act(event.detail));
    hear("new", () => this.#leave(() => client.renew()));
    hear("open", ({ id }) => this.#leave(() => this.#open(id)));
    hear("list", ({ query }) => this.#list(query));
    hear("rename", (chosen) => this.#rename(chosen));
    hear("delete", (chosen) => this.#delete(chosen));
    hear("keep", ({ keep }) => this.#keep(keep));
    addEventListener("storage", ({ key }) => {
      if (key === client.store.keyOf(client.store.present) && client.conversation.messages.length) {
        client.store.present = client.store.fresh(); // another tab goes on with it: from here on, these are two
      }
    });
    sidebar.offerKeeping(client.config.keeps_history, this.#keeps);
  }

  /** The conversation that was shown last is shown again. */
  restore() {
    const { store, conversation } = this.#client;
    const present = store.present;
    const number = present.startsWith(SERVERS) ? Number(present.slice(1)) : null;
    if (this.#keeps) {
      conversation.begin();
      conversation.id = Number.isInteger(number) ? number : null;
    } else {
      if (number !== null || !present) store.present = store.fresh();
      conversation.begin(store.load(store.present).map(restored));
    }
  }

  /** What Hello says of it. `bytes`: the most that a kept conversation may take. */
  hello(bytes) {
    const { conversation } = this.#client;
    if (this.#keeps) return { keep: true, conversation: conversation.id };
    return { keep: false, restore: conversation.restore(bytes) };
  }

  /** A new one begins. */
  begin() {
    const { store, conversation, connection } = this.#client;
    this.save();
    conversation.begin();
    if (!this.#keeps) store.present = store.fresh();
    if (connection.state === "open") connection.send("new");
    else connection.renew(); // what is held there for this page is another one
  }

  /** Keeps it in this browser, unless the server does. */
  save() {
    const { store, conversation } = this.#client;
    if (this.#keeps) return;
    store.save(store.present, conversation.title, conversation.messages);
    this.#sidebar.ask();
  }

  /** Another conversation is on the screen, or its number is known now. */
  shown() {
    const { store, conversation } = this.#client;
    if (this.#keeps && conversation.id !== null) store.present = `${SERVERS}${conversation.id}`;
    this.#sidebar.ask();
  }

  /** The server's list. */
  listed({ query, conversations }) {
    if (this.#keeps && query === this.#sidebar.query) this.#sidebar.show(conversations, this.#client.conversation.id);
  }

  /** Shows or hides the list. */
  toggle() {
    this.#sidebar.toggle();
  }

  #list(query) {
    const { store, connection } = this.#client;
    if (this.#keeps) connection.send("list", { query });
    else this.#sidebar.show(store.list(query), store.present);
  }

  #leave(act) {
    act();
    this.#sidebar.leave();
  }

  #open(id) {
    const { store, connection, conversation } = this.#client;
    if (this.#keeps) {
      if (connection.state === "open") this.#client.open(id);
      else toast("The server's conversations are there once it is reached.");
      return;
    }
    if (id === store.present && conversation.messages.length) return;
    this.save();
    store.present = id;
    this.#client.reopen(store.load(id).map(restored));
  }

  #rename({ id, title }) {
    const { store, connection } = this.#client;
    if (this.#keeps) connection.send("rename", { conversation: id, title });
    else store.rename(id, title);
    this.#sidebar.ask();
  }

  #delete({ id, title }) {
    const { store, connection, conversation } = this.#client;
    const present = this.#keeps ? id === conversation.id : id === store.present;
    if (this.#keeps) {
      connection.send("delete", { conversation: id });
    } else {
      if (present) this.#client.renew();
      store.delete(id);
    }
    this.#sidebar.ask();
    toast(`“${title}” is deleted.`, { label: "Undo", act: () => this.#undelete(id) });
  }

  #undelete(id) {
    const { store, connection } = this.#client;
    if (this.#keeps) connection.send("delete", { conversation: id, undo: true });
    else store.delete(id, true);
    this.#sidebar.ask();
  }

  /** Keeps conversations on the server from now on, or in this browser. */
  #keep(keep) {
    const { store, conversation, config } = this.#client;
    this.save();
    this.#keeps = keep;
    store.set("keep", keep);
    store.present = keep ? "" : store.fresh();
    conversation.id = null;
    this.#sidebar.offerKeeping(config.keeps_history, keep);
    this.#client.reopen([]);
  }
}
