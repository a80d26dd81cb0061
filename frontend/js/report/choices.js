/** Sets of radio buttons: which light the face is seen in. */
const OWN_LIGHT = "white";

/** @param {import("./panel.js").ViewerPanel} panel with its viewer open */
export function bindLayers(panel) {
  const { root, viewer, config } = panel;
  const choices = root.querySelector("[data-layers]");
  if (!choices) return;
  const first = chosen(choices);
  const show = async () => {
    panel.tell("");
    const layer = config.layers.find(({ light }) => light === chosen(choices));
    // The model brings its texture in white light along.
    const url = layer.light === OWN_LIGHT ? null : layer.url;
    if (await busy(choices, viewer.setLayer(url))) return;
    choose(choices, first);
    panel.tell(panel.say("layerFailed"));
  };
  choices.addEventListener("change", show);
  if (first !== OWN_LIGHT) show();
}

/** @param {HTMLElement} choices @returns {string} the value of the one that is chosen */
export function chosen(choices) {
  return choices.querySelector("input:checked").value;
}

/** @param {HTMLElement} choices @param {string} value of the one to choose, silently */
export function choose(choices, value) {
  for (const input of choices.querySelectorAll("input")) input.checked = input.value === value;
}

/** Says so while something is on its way; resolves to what it brought. */
export async function busy(choices, promise) {
  choices.setAttribute("aria-busy", "true");
  try {
    return await promise;
  } finally {
    choices.removeAttribute("aria-busy");
  }
}
