/** What every page of the dashboard does by itself: locking an idle screen, single keys. */
import { lockWhenIdle } from "./desk/idle.js";
import { listenForKeys } from "./desk/keys.js";
import { keepChoice } from "./desk/choice.js";

const form = document.getElementById("lock");
if (form instanceof HTMLFormElement) {
  lockWhenIdle(form, Number(form.dataset.lockAfter) * 60_000);
  if (form.dataset.shortcuts === "on") listenForKeys(form);
}
keepChoice();
