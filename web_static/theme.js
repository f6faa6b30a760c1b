/** The colours: the person's choice, or what the system says. Runs before anything is drawn. */

import { Store } from "./store.js";

const NAMES = Object.freeze(["system", "light", "dark", "contrast"]);
const dark = matchMedia("(prefers-color-scheme: dark)");
const contrast = matchMedia("(prefers-contrast: more)");

/** The theme that the person chose. */
export function chosen() {
  const { theme } = new Store().settings();
  return NAMES.includes(theme) ? theme : "system";
}

/** Chooses a theme and keeps the choice. */
export function choose(name) {
  new Store().set("theme", name);
  apply();
}

function apply() {
  const name = chosen();
  const shown = name !== "system" ? name : contrast.matches ? "contrast" : dark.matches ? "dark" : "light";
  document.documentElement.dataset.theme = shown;
  const ground = getComputedStyle(document.documentElement).getPropertyValue("--ground").trim();
  for (const meta of document.querySelectorAll('meta[name="theme-color"]')) {
    meta.removeAttribute("media");
    if (ground) meta.content = ground;
  }
}

dark.addEventListener("change", apply);
contrast.addEventListener("change", apply);
apply();
