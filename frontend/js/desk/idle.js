/**
 * Locks a screen that nobody touches. The server keeps the lock; this only notices the silence
 * and covers the page at once, before the answer is there.
 */

const TOUCHES = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"];
const LOOK_EVERY = 1000;
const TELL_EVERY = 5000;

/**
 * @param {HTMLFormElement} form what locks when it is sent
 * @param {number} patience milliseconds without a touch; 0 for never
 */
export function lockWhenIdle(form, patience) {
  form.addEventListener("submit", cover);
  if (!patience) return;
  // A touch in one tab counts for all of them: they are on one screen.
  const others = new BroadcastChannel("desk");
  let touched = Date.now();
  let told = 0;
  others.addEventListener("message", () => {
    touched = Date.now();
  });
  const touch = () => {
    touched = Date.now();
    if (touched - told < TELL_EVERY) return;
    told = touched;
    others.postMessage("touched");
  };
  for (const name of TOUCHES) addEventListener(name, touch, { passive: true, capture: true });
  // By the clock, not by a timer of that length: a computer asleep does not count its seconds.
  const watch = setInterval(() => {
    if (Date.now() - touched < patience) return;
    clearInterval(watch);
    form.requestSubmit();
  }, LOOK_EVERY);
}

function cover() {
  document.body.setAttribute("data-covered", "");
}

// The browser's way back must not show what was on the page when it was left.
addEventListener("pageshow", (event) => {
  if (event.persisted && document.body.hasAttribute("data-covered")) location.reload();
});
