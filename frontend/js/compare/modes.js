/**
 * Side by side, or one picture over the other with a slider between them.
 *
 * The slider is a range input: it moves by mouse, touch and keys as every other one does, and
 * nothing has to be dragged on the pictures themselves.
 */

/** @param {import("./panel.js").ComparePanel} panel */
export function bindModes(panel) {
  const { root } = panel;
  const choices = root.querySelector("[data-modes]");
  const slider = root.querySelector("[data-split]");
  choices.hidden = false;
  choices.addEventListener("change", (event) => {
    root.dataset.mode = event.target.value;
  });
  const split = () => {
    root.style.setProperty("--split", `${slider.value}%`);
    const words = panel.say("shares").replace("FIRST", slider.value);
    slider.setAttribute("aria-valuetext", words.replace("SECOND", String(100 - slider.value)));
  };
  slider.addEventListener("input", split);
  split();
}
