/**
 * Two pictures beside each other as the page sees them: views, modes, loading in 3D, messages.
 *
 * The element carries `data-state` (idle, loading, ready, failed) and `data-mode` (side, slider);
 * the stylesheet arranges everything by them. All of it works on the still pictures until both
 * models are there, and goes on working on them when they never come.
 */
import { download } from "../report/download.js";
import { Progress, hasWebGL } from "../report/progress.js";
import { bindModes } from "./modes.js";

export class ComparePanel {
  /**
   * @param {HTMLElement} root
   * @param {{url: string, bytes: number}[]} models both 3D models, or none
   */
  constructor(root, models) {
    this.root = root;
    this.models = models;
    this.pair = null;
    this.stages = [...root.querySelectorAll("[data-stage]")];
    this.posters = [...root.querySelectorAll("[data-poster]")];
    this.buttons = [...root.querySelectorAll("[data-view-target]")];
    this.announcer = root.querySelector("[data-announce]");
    this.message = root.querySelector("[data-message]");
    this.view = root.dataset.view;
    for (const button of this.buttons) {
      button.addEventListener("click", () => this.#show(button));
    }
    bindModes(this);
    this.#offerModels();
  }

  /** @param {string} key name of a `data-say-…` attribute, in camel case after `say` */
  say(key) {
    return this.root.dataset[`say${key[0].toUpperCase()}${key.slice(1)}`] ?? "";
  }

  /** Speaks a sentence to screen readers without moving the focus. */
  announce(text) {
    this.announcer.textContent = text;
  }

  #tell(message) {
    this.message.textContent = message;
    this.announce(message);
  }

  #show(button) {
    const { viewTarget, first, second, alt } = button.dataset;
    if (this.pair) {
      this.pair.show(viewTarget);
      return;
    }
    [first, second].forEach((url, place) => {
      const poster = this.posters[place];
      poster.src = url;
      poster.alt = `${poster.dataset.name}: ${alt}`;
    });
    this.#mark(viewTarget);
    this.announce(alt);
  }

  #mark(view) {
    this.view = view;
    for (const button of this.buttons) {
      button.setAttribute("aria-pressed", String(button.dataset.viewTarget === view));
    }
  }

  #offerModels() {
    const button = this.root.querySelector("[data-load]");
    // A browser that cannot even name WebGL is not offered it; others may still refuse it later.
    if (!button || !("WebGL2RenderingContext" in window)) return;
    button.addEventListener("click", () => this.#open(button));
    button.hidden = false;
  }

  /** Loads the code and both models. A failed attempt may be repeated. */
  async #open(button) {
    if (this.root.dataset.state === "loading") return;
    if (!hasWebGL()) {
      button.hidden = true;
      this.#fail(this.say("unsupported"));
      return;
    }
    this.root.dataset.state = "loading";
    this.#tell("");
    this.stages[0].focus({ preventScroll: true });
    this.announce(this.say("loading"));
    const { view } = this;
    try {
      this.pair = await this.#load();
    } catch (error) {
      // The reason is of use to a developer only; the page keeps its pictures.
      console.warn("3D view not available:", error);
      this.#fail(this.say("failed"));
      return;
    }
    this.#ready(view);
  }

  async #load() {
    const { pairScript, dracoJs, dracoWasm } = this.root.dataset;
    const progress = new Progress(this.root, (key) => this.say(key));
    const total = sum(this.models.map(({ bytes }) => bytes));
    const received = this.models.map(() => 0);
    const data = this.models.map(({ url, bytes }, place) =>
      download(url, bytes, (amount) => {
        received[place] = amount;
        progress.show(sum(received), total);
      }),
    );
    // Code and models come side by side; should several fail, one reason is enough.
    Promise.all(data).then(
      () => progress.unpack(),
      () => undefined,
    );
    const { openPair } = await import(pairScript);
    return openPair({
      stages: this.stages,
      data,
      decoder: { js: dracoJs, wasm: dracoWasm },
      onView: (view) => this.#viewChanged(view),
    });
  }

  #ready(view) {
    for (const button of this.root.querySelectorAll("[data-tool]")) {
      button.addEventListener("click", () => this.pair.command(button.dataset.tool));
    }
    this.root.dataset.state = "ready";
    for (const stage of this.stages) stage.tabIndex = 0;
    this.announce(this.say("ready"));
    if (view !== "front") this.pair.show(view);
  }

  #fail(message) {
    this.root.dataset.state = "failed";
    this.#tell(message);
  }

  /** @param {{name: string, direction: string, height: string}} view of both */
  #viewChanged({ name, direction, height }) {
    this.#mark(name);
    const text = [this.say(direction), height && this.say(height)].filter(Boolean).join(" ");
    this.stages.forEach((stage, place) => {
      const label = `${this.posters[place].dataset.name}: ${text}`;
      stage.querySelector("canvas")?.setAttribute("aria-label", label);
    });
    this.announce(text);
  }
}

function sum(amounts) {
  return amounts.reduce((total, each) => total + each, 0);
}
