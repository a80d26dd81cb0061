/**
 * The view buttons: links to still pictures that become buttons once scripts run.
 *
 * Before the model is there they change the poster; afterwards they turn the camera. Views of
 * which there is no still come with the model.
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

  /** Offers every view, those without a still, too. */
  offerAll() {
    for (const button of this.buttons) button.parentElement.hidden = false;
  }

  /** @param {string} view shown now; any other name leaves no button pressed */
  mark(view) {
    for (const button of this.buttons) {
      button.setAttribute("aria-pressed", String(button.dataset.viewTarget === view));
    }
  }

  /** @param {{still: string} | undefined} overlay shown on the front; undefined: none */
  lay(overlay) {
    const front = this.buttons.find((button) => button.dataset.viewTarget === "front");
    this.#picture(front, overlay?.still ?? front.href);
  }

  #enhance(button) {
    button.setAttribute("role", "button");
    button.addEventListener("click", (event) => {
      event.preventDefault();
      this.#choose(button);
    });
    button.addEventListener("keydown", (event) => {
      if (event.key !== " " && event.key !== "Enter") return;
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
    this.#picture(button, button.href);
  }

  #picture(button, url) {
    const { viewTarget, alt } = button.dataset;
    this.poster.src = url;
    this.poster.alt = alt;
    this.panel.root.dataset.view = viewTarget;
    this.mark(viewTarget);
    this.panel.announce(alt);
  }
}
