/** What the device offers beside the page: a screen that stays on, media keys, the app's shell, the clipboard. */

/** Keeps the screen on while something is spoken, where the browser allows it. */
export class WakeLock {
  #lock = null;
  #wanted = false;

  constructor() {
    document.addEventListener("visibilitychange", () => this.#heed());
  }

  /** Whether it is to stay on. */
  hold(wanted) {
    if (this.#wanted === wanted) return;
    this.#wanted = wanted;
    this.#heed();
  }

  async #heed() {
    if (!("wakeLock" in navigator) || document.hidden) return;
    if (!this.#wanted) {
      this.#lock?.release();
      this.#lock = null;
    } else if (!this.#lock || this.#lock.released) {
      try {
        this.#lock = await navigator.wakeLock.request("screen");
      } catch {
        this.#lock = null; // the battery is low, or the person forbade it
      }
      if (!this.#wanted) this.#heed();
    }
  }
}

/**
 * The keys of the keyboard, headset and lock screen. Browsers send them to pages that play through an audio element;
 * one that plays through Web Audio alone, as this does, gets them in some only.
 * @param {{play: Function, pause: Function, stop: Function, previous: Function, next: Function}} actions
 */
export function mediaKeys(actions) {
  if (!("mediaSession" in navigator)) return;
  const names = { play: "play", pause: "pause", stop: "stop", previoustrack: "previous", nexttrack: "next" };
  for (const [name, action] of Object.entries(names)) {
    try {
      navigator.mediaSession.setActionHandler(name, () => actions[action]());
    } catch {
      continue; // this browser has no such key
    }
  }
}

/** What the lock screen shows. */
export function mediaState(state, title) {
  if (!("mediaSession" in navigator)) return;
  navigator.mediaSession.playbackState = state;
  if (state !== "none" && window.MediaMetadata && navigator.mediaSession.metadata?.title !== title) {
    const artwork = [{ src: "/static/icon-512.png", sizes: "512x512", type: "image/png" }];
    navigator.mediaSession.metadata = new MediaMetadata({ title, artist: "SpeakStream", artwork });
  }
}

/** Registers the service worker; returns what this browser does not offer here, in words. */
export function install() {
  const missing = [];
  if ("serviceWorker" in navigator) keepShell();
  else missing.push("installing as an app");
  if (!("wakeLock" in navigator)) missing.push("keeping the screen on");
  if (!navigator.clipboard) missing.push("the clipboard by itself (copying uses an older way)");
  if (!isSecureContext) return `Over plain http from another machine this browser does not offer ${missing.join(", ")}; with --certfile it would.`;
  return missing.length ? `This browser does not offer ${missing.join(", ")}.` : "";
}

/** What the page is made of is kept for when the server is out of reach; on the first visit, it is there before its keeper. */
async function keepShell() {
  const workers = navigator.serviceWorker;
  const again = () => {
    const files = performance.getEntriesByType("resource").map(({ name }) => name).filter((name) => name.includes("/static/"));
    for (const name of ["/", ...files]) fetch(name).catch(() => undefined); // no more than a copy for later
  };
  if (!workers.controller) workers.addEventListener("controllerchange", again, { once: true });
  await workers.register("/sw.js").catch(() => undefined); // a browser that forbids it has the page all the same
}

/** Copies a text. @returns {Promise<boolean>} whether it worked */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyByCommand(text);
  }
}

/** The way from before, which needs no secure page. */
function copyByCommand(text) {
  const box = document.createElement("textarea");
  const focused = document.activeElement;
  box.value = text;
  box.className = "unseen";
  document.body.append(box);
  box.select();
  const done = document.execCommand("copy");
  box.remove();
  focused?.focus({ preventScroll: true });
  return done;
}
