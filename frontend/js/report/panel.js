/**
 * The 3D panel as the page sees it: poster, the button that loads the model, progress, messages.
 *
 * The element carries `data-state` (idle, loading, ready, failed) and `data-view` (a view's name
 * or custom); the stylesheet shows and hides parts by them. Everything works on the poster until
 * the model is there, and goes on working on it when the model never comes.
 *
 * @typedef {object} ViewerConfig
 * @property {{url: string, bytes: number} | null} model
 * @property {{light: string, label: string, url: string}[]} layers
 *   Colour textures; the one in white light is also the one inside the model.
 * @property {{metric: string, label: string, url: string}[]} overlays
 *   8-bit grey images in the model's UV layout.
 */
import { bindLayers } from "./choices.js";
import { download } from "./download.js";
import { whenItCostsNothing } from "./eager.js";
import { bindFullScreen } from "./fullscreen.js";
import { Overlays } from "./overlays.js";
import { Progress, hasWebGL } from "./progress.js";
import { ViewButtons } from "./stills.js";

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
    this.announcer = root.querySelector("[data-announce]");
    this.message = root.querySelector("[data-message]");
    this.views = new ViewButtons(this);
    this.overlays = new Overlays(this);
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

  /** Shows and speaks a message below the picture; an empty text takes it away. */
  tell(message) {
    this.message.textContent = message;
    this.announce(message);
  }

  #offerModel() {
    // A browser that cannot even name WebGL is not offered it; others may still refuse it later.
    const in3D = Boolean(this.config.model) && "WebGL2RenderingContext" in window;
    this.overlays.offer({ in3D });
    this.root.toggleAttribute("data-flat", !in3D);
    if (!in3D) return;
    const button = this.root.querySelector("[data-load]");
    button.addEventListener("click", () => this.open({ focus: true }));
    button.hidden = false;
    whenItCostsNothing(this.stage, () => this.open({ focus: false }));
  }

  /**
   * Loads the viewer code and the model once. A failed attempt may be repeated.
   *
   * @param {{focus: boolean}} options whether the person asked, so that the keys go to the face
   */
  async open({ focus }) {
    const { state } = this.root.dataset;
    if (state === "loading" || state === "ready" || this.root.hasAttribute("data-flat")) return;
    if (!hasWebGL()) {
      this.#giveUp();
      return;
    }
    this.root.dataset.state = "loading";
    this.tell("");
    if (focus) this.stage.focus({ preventScroll: true });
    this.announce(this.say("loading"));
    // The poster may have been turned before.
    const { view } = this.root.dataset;
    try {
      this.viewer = await this.#load();
    } catch (error) {
      // The reason is of use to a developer only; the page keeps its pictures.
      console.warn("3D view not available:", error);
      this.#fail(this.say("failed"));
      return;
    }
    this.#ready(view);
  }

  async #load() {
    const { url, bytes } = this.config.model;
    const { viewerScript, dracoJs, dracoWasm } = this.root.dataset;
    const progress = new Progress(this.root, (key) => this.say(key));
    const data = download(url, bytes, (received) => progress.show(received, bytes));
    // Code and model come side by side; should both fail, one reason is enough.
    data.then(() => progress.unpack()).catch(() => undefined);
    const { openViewer } = await import(viewerScript);
    return openViewer({
      stage: this.stage,
      data,
      decoder: { js: dracoJs, wasm: dracoWasm },
      onView: (view) => this.#viewChanged(view),
    });
  }

  #ready(view) {
    for (const button of this.root.querySelectorAll("[data-tool]")) {
      button.addEventListener("click", () => this.viewer.command(button.dataset.tool));
    }
    bindLayers(this);
    bindFullScreen(this);
    this.views.offerAll();
    this.root.dataset.state = "ready";
    this.stage.tabIndex = 0;
    this.announce(this.say("ready"));
    if (view !== this.root.dataset.view) this.viewer.show(view);
  }

  #fail(message) {
    this.root.dataset.state = "failed";
    this.tell(message);
  }

  /** The device has no 3D for us, now or later: the stills take over for good. */
  #giveUp() {
    this.#fail(this.say("unsupported"));
    this.root.querySelector("[data-load]").hidden = true;
    this.root.toggleAttribute("data-flat", true);
    this.overlays.offer({ in3D: false });
  }

  /** @param {{name: string, direction: string, height: string}} view */
  #viewChanged({ name, direction, height }) {
    this.root.dataset.view = name;
    this.views.mark(name);
    const text = [this.say(direction), height && this.say(height)].filter(Boolean).join(" ");
    this.stage.querySelector("canvas")?.setAttribute("aria-label", text);
    this.announce(text);
  }
}
