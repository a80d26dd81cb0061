/**
 * The 3D panel as the page sees it: poster, the button that loads the model, progress, messages.
 *
 * The element carries `data-state` (idle, loading, ready, failed) and `data-view` (front, left,
 * right, custom); the stylesheet shows and hides parts by them. Everything works on the poster
 * until the model is there, and goes on working on it when the model never comes.
 *
 * @typedef {object} ViewerConfig
 * @property {{url: string, bytes: number} | null} model
 * @property {{light: string, label: string, url: string}[]} layers
 *   Colour textures; the one in white light is also the one inside the model.
 * @property {{metric: string, label: string, url: string}[]} overlays
 *   8-bit grey images in the model's UV layout.
 */
import { ViewButtons } from "./stills.js";
import { bindTools } from "./tools.js";

export class ViewerPanel {
  /**
   * @param {HTMLElement} root
   * @param {ViewerConfig} config
   */
  constructor(root, config) {
    this.root = root;
    this.config = config;
    this.viewer = null;
    this.stage = root.querySelector("[data-stage]");
    this.loadButton = root.querySelector("[data-load]");
    this.progress = root.querySelector("[data-progress]");
    this.progressText = root.querySelector("[data-progress-text]");
    this.announcer = root.querySelector("[data-announce]");
    this.message = root.querySelector("[data-message]");
    this.views = new ViewButtons(this);
    this.#offerModel();
  }

  /** @param {string} key name of a `data-say-…` attribute, in camel case after `say` */
  say(key) {
    return this.root.dataset[`say${key[0].toUpperCase()}${key.slice(1)}`] ?? "";
  }

  /** Speaks a sentence to screen readers without moving the focus. */
  announce(text) {
    this.announcer.textContent = text;
  }

  #offerModel() {
    if (!this.config.model) return;
    this.loadButton.addEventListener("click", () => this.open());
    this.loadButton.hidden = false;
    for (const button of document.querySelectorAll("[data-show-overlay]")) {
      button.hidden = !this.config.overlays.some((o) => o.metric === button.dataset.showOverlay);
      button.addEventListener("click", () => this.#showOverlay(button.dataset.showOverlay));
    }
  }

  /** Loads the viewer code and the model once. A failed attempt may be repeated. */
  async open() {
    if (this.root.dataset.state === "loading" || this.viewer) return;
    if (!hasWebGL()) return this.#fail(this.say("unsupported"));
    this.#setState("loading");
    this.tell("");
    this.stage.focus({ preventScroll: true });
    this.announce(this.say("loading"));
    try {
      const { openViewer } = await import(this.root.dataset.viewerScript);
      this.viewer = await openViewer({
        stage: this.stage,
        config: this.config,
        decoder: { js: this.root.dataset.dracoJs, wasm: this.root.dataset.dracoWasm },
        onProgress: (share) => this.#showProgress(share),
        onView: (view) => this.#viewChanged(view),
      });
    } catch (error) {
      // The reason is of use to a developer only; the page keeps its pictures.
      console.warn("3D view not available:", error);
      return this.#fail(this.say("failed"));
    }
    bindTools(this);
    this.#setState("ready");
    this.stage.tabIndex = 0;
    this.announce(this.say("ready"));
    // The poster may have been turned before.
    this.viewer.show(this.root.dataset.view);
  }

  /** Shows and speaks a message below the picture; an empty text takes it away. */
  tell(message) {
    this.message.textContent = message;
    this.announce(message);
  }

  #fail(message) {
    this.#setState("failed");
    this.tell(message);
  }

  #setState(state) {
    this.root.dataset.state = state;
  }

  /** @param {number | null} share 0 to 1; null while the model is being unpacked */
  #showProgress(share) {
    if (share === null) {
      this.progress.removeAttribute("value");
      this.progressText.textContent = this.say("unpacking");
      return;
    }
    this.progress.value = share * 100;
    this.progressText.textContent = `${Math.round(share * 100)} %`;
  }

  /** @param {{name: string, direction: string, height: string}} view */
  #viewChanged({ name, direction, height }) {
    this.root.dataset.view = name;
    this.views.mark(name);
    const text = [this.say(direction), height && this.say(height)].filter(Boolean).join(" ");
    this.stage.querySelector("canvas")?.setAttribute("aria-label", text);
    this.announce(text);
  }

  async #showOverlay(metric) {
    this.root.scrollIntoView({ block: "start" });
    await this.open();
    const select = this.root.querySelector("[data-overlay]");
    if (!this.viewer || !select) return;
    select.value = metric;
    select.dispatchEvent(new Event("change"));
  }
}

function hasWebGL() {
  return Boolean(document.createElement("canvas").getContext("webgl2"));
}
