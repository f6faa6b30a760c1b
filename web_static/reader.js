/**
 * What is heard, on the screen: with each frame while anything sounds or is written, the word that sounds is lit, what is
 * still to come is dimmer, the meter moves, and what is followed stays in sight.
 */

export class Reader {
  #client;
  #running = false;
  #word = null;
  #marked = null; // the message whose text is in part still to come

  /** @param {import("./client.js").Client} client */
  constructor(client) {
    this.#client = client;
  }

  /** Begins, unless it is at work; it rests by itself. */
  run() {
    if (this.#running) return;
    this.#running = true;
    requestAnimationFrame(this.#frame);
  }

  /** Marks how far interrupted replies were heard; all others look like any text. */
  settle() {
    const { transcript, speech } = this.#client;
    for (const view of transcript.views) {
      const { id, role, reason, heard } = view.message;
      if (role !== "assistant" || reason === "writing" || (id !== null && id === speech.message)) continue;
      transcript.light.mark(view, reason === "interrupted" && heard !== null ? heard : null);
    }
  }

  #frame = () => {
    const { conversation, speech, controls, standing } = this.#client;
    const spoken = speech.message;
    this.#show();
    const writing = conversation.writing;
    controls.transport({
      state: spoken === null ? "idle" : speech.paused ? "paused" : "speaking",
      stops: Boolean(writing) || spoken !== null,
    });
    standing.tick();
    if (spoken === null && !writing) {
      this.#running = false;
      this.settle();
    } else {
      requestAnimationFrame(this.#frame);
    }
  };

  #show() {
    const { transcript, speech, player, controls, config, conversation } = this.#client;
    const { light } = transcript;
    const { message, word, heard } = speech.now();
    const view = transcript.view(message);
    light.rail(view ?? null);
    light.light(view ?? null, word);
    if (view) light.mark(view, heard ?? speech.begins ?? 0);
    if (this.#marked !== message) {
      this.#marked = message;
      this.settle();
    }
    const writing = conversation.writing;
    const comes = writing && writing.id !== message ? transcript.view(writing.id) : null;
    if (comes && config.audio && player.unlocked && !speech.isHushed(writing.id)) light.mark(comes, 0);
    if (player.sounding) controls.level(player.level());
    if (word !== this.#word) {
      const changed = word?.start !== this.#word?.start || word?.end !== this.#word?.end;
      this.#word = word;
      if (changed) transcript.follow.newWord();
    }
  }
}
