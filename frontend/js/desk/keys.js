/** Single keys of the list (see parts/shortcuts.html). Somebody who turned them off has none. */

/** @param {HTMLFormElement} lock */
export function listenForKeys(lock) {
  /** @type {Record<string, () => boolean>} what a key does; false where there is nothing to do */
  const acts = {
    "/": () => focus('[data-shortcut-target="search"]'),
    a: () => focus('[data-shortcut-target="needs"]'),
    o: () => press('[data-shortcut-target="older"]'),
    j: () => step(1),
    k: () => step(-1),
    x: () => press("input[type=checkbox]", row()),
    "?": () => show(document.getElementById("keys")),
    l: () => (lock.requestSubmit(), true),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (acts[event.key]?.()) event.preventDefault();
  });
}

/** Whether the key belongs to what has the focus. */
function isTyping(target) {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable) return true;
  if (target instanceof HTMLInputElement) return target.type !== "checkbox";
  // The 3D view and its like take keys of their own.
  return target.matches("textarea, select, canvas, [data-stage], [data-stage] *");
}

function focus(selector) {
  const found = document.querySelector(selector);
  found?.focus();
  return Boolean(found);
}

function press(selector, within = document) {
  const found = within?.querySelector(selector);
  found?.click();
  return Boolean(found);
}

/** The list of the keys, or away with it. */
function show(keys) {
  keys?.togglePopover();
  return Boolean(keys);
}

/** The row that has the focus, or null. */
function row() {
  return document.activeElement?.closest("[data-row]") ?? null;
}

/** To the link of the row so many below; from nowhere, to the first. */
function step(by) {
  const rows = [...document.querySelectorAll("[data-row]")];
  if (!rows.length) return false;
  const here = rows.indexOf(row());
  const next = here < 0 ? 0 : Math.min(Math.max(here + by, 0), rows.length - 1);
  rows[next].querySelector("a")?.focus();
  return true;
}
