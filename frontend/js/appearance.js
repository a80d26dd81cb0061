/**
 * Shows a colour while it is chosen: the server derives what can be read, this only asks for it.
 */
const form = document.querySelector("[data-appearance]");
const sheet = document.querySelector("[data-accent-sheet]");
const color = form.elements.accent;

let waiting = 0;
color.addEventListener("input", () => {
  form.elements.ours.checked = false;
  clearTimeout(waiting);
  waiting = setTimeout(show, 120, color.value.slice(1));
});

/** @param {string} hex six digits */
function show(hex) {
  sheet.href = form.dataset.sheet.replace("000000", hex);
}
