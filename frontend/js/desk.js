/** What every page of the practice does by itself: locking an idle screen, single keys, printing. */
import { lockWhenIdle } from "./desk/idle.js";
import { listenForKeys } from "./desk/keys.js";
import { keepChoice } from "./desk/choice.js";

const form = document.getElementById("lock");
if (form instanceof HTMLFormElement) {
  lockWhenIdle(form, Number(form.dataset.lockAfter) * 60_000);
  if (form.dataset.shortcuts === "on") listenForKeys(form);
}
keepChoice();
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
