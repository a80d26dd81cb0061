/** Connects the tool bar, the texture and overlay choices and full screen with an open viewer. */
import { cividisGradient } from "../viewer/cividis.js";

const OWN_LIGHT = "white";

/** @param {import("./panel.js").ViewerPanel} panel with its viewer open */
export function bindTools(panel) {
  for (const button of panel.root.querySelectorAll("[data-tool]")) {
    button.addEventListener("click", () => panel.viewer.command(button.dataset.tool));
  }
  bindLayers(panel);
  bindOverlays(panel);
  bindFullScreen(panel);
}

function bindLayers(panel) {
  const { root, viewer, config } = panel;
  const select = root.querySelector("[data-layer]");
  if (!select) return;
  const first = select.value;
  const show = async () => {
    panel.tell("");
    const layer = config.layers.find(({ light }) => light === select.value);
    // The model brings its texture in white light along.
    if (await viewer.setLayer(layer.light === OWN_LIGHT ? null : layer.url)) return;
    select.value = first;
    panel.tell(panel.say("layerFailed"));
  };
  select.addEventListener("change", show);
  if (first !== OWN_LIGHT) show();
}

function bindOverlays(panel) {
  const { root, viewer, config } = panel;
  const select = root.querySelector("[data-overlay]");
  if (!select) return;
  const legend = root.querySelector("[data-legend]");
  const show = (overlay) => {
    legend.hidden = !overlay;
    legend.querySelector("[data-legend-name]").textContent = overlay?.label ?? "";
  };
  legend.querySelector("[data-legend-ramp]").style.backgroundImage = cividisGradient();
  select.addEventListener("change", async () => {
    panel.tell("");
    const overlay = config.overlays.find(({ metric }) => metric === select.value);
    show(overlay);
    if (await viewer.setOverlay(overlay?.url ?? null)) return;
    select.value = "";
    show(null);
    panel.tell(panel.say("layerFailed"));
  });
}

function bindFullScreen({ root, viewer }) {
  const button = root.querySelector("[data-fullscreen]");
  const show = (full) => {
    root.toggleAttribute("data-full", full);
    document.documentElement.toggleAttribute("data-viewer-full", full);
    button.setAttribute("aria-pressed", String(full));
    viewer.setFreeTouch(full);
  };
  const leave = () => {
    show(false);
    if (document.fullscreenElement) document.exitFullscreen();
  };
  const enter = () => {
    show(true);
    // Phones without the interface still get the panel over the whole window by the stylesheet.
    root.requestFullscreen?.().catch(() => undefined);
  };
  button.addEventListener("click", () => (root.hasAttribute("data-full") ? leave() : enter()));
  document.addEventListener("fullscreenchange", () => {
    if (!document.fullscreenElement) show(false);
  });
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape") leave();
  });
}
