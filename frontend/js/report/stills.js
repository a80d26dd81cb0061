/**
 * The view buttons: links to still pictures that become buttons once scripts run.
 *
 * Before the model is there they change the poster; afterwards they turn the camera.
 */
export class ViewButtons {
  /** @param {import("./panel.js").ViewerPanel} panel */
  constructor(panel) {
    this.panel = panel;
    this.poster = panel.root.querySelector("[data-poster]");
    this.buttons = [...panel.root.querySelectorAll("[data-view-target]")];
    this.buttons.forEach((button) => this.#enhance(button));
    this.mark(panel.root.dataset.view);
  }

  #enhance(button) {
    button.setAttribute("role", "button");
    button.addEventListener("click", (event) => {
      event.preventDefault();
      this.#choose(button);
    });
    button.addEventListener("keydown", (event) => {
      if (event.key !== " ") return;
      event.preventDefault();
      this.#choose(button);
    });
  }

  #choose(button) {
    const view = button.dataset.viewTarget;
    if (this.panel.viewer) {
      this.panel.viewer.show(view);
      return;
    }
    this.poster.src = button.href;
    this.poster.alt = button.dataset.alt;
    this.panel.root.dataset.view = view;
    this.mark(view);
    this.panel.announce(button.dataset.alt);
  }

  /** @param {string} view shown now; any other name leaves no button pressed */
  mark(view) {
    for (const button of this.buttons) {
      button.setAttribute("aria-pressed", String(button.dataset.viewTarget === view));
    }
  }
}
