/**
 * The panel over the whole window.
 *
 * Phones without the full-screen interface get the same by the stylesheet. What lies behind the
 * panel cannot be reached meanwhile, so that the focus never disappears below it.
 *
 * @param {import("./panel.js").ViewerPanel} panel with its viewer open
 */
export function bindFullScreen({ root, viewer }) {
  const button = root.querySelector("[data-fullscreen]");
  const show = (full) => {
    root.toggleAttribute("data-full", full);
    document.documentElement.toggleAttribute("data-viewer-full", full);
    button.setAttribute("aria-pressed", String(full));
    for (const element of outside(root)) element.inert = full;
    viewer.setFreeTouch(full);
  };
  const leave = () => {
    show(false);
    if (document.fullscreenElement) document.exitFullscreen();
  };
  const enter = () => {
    show(true);
    // Refused, it stays what the stylesheet makes of it.
    root.requestFullscreen?.().catch(() => undefined);
  };
  button.addEventListener("click", () => (root.hasAttribute("data-full") ? leave() : enter()));
  document.addEventListener("fullscreenchange", () => {
    if (!document.fullscreenElement) show(false);
  });
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && root.hasAttribute("data-full")) leave();
  });
}

/** Everything on the page but the element, its ancestors and what is in it. */
function outside(element) {
  const found = [];
  for (let node = element; node !== document.body; node = node.parentElement) {
    found.push(...[...node.parentElement.children].filter((sibling) => sibling !== node));
  }
  return found;
}
