/** Renderer, scene and the frame loop, which draws only when something has changed. */
import { PerspectiveCamera, Scene, WebGLRenderer } from "three";

import { FIELD_OF_VIEW } from "./framing.js";

const MAX_PIXEL_RATIO = 2;

export class Stage {
  #pending = 0;
  #observer;

  /** @param {HTMLElement} element receives the canvas; its size is followed */
  constructor(element) {
    this.element = element;
    this.renderer = new WebGLRenderer({ antialias: true, alpha: true });
    this.renderer.setPixelRatio(Math.min(window.devicePixelRatio, MAX_PIXEL_RATIO));
    this.scene = new Scene();
    this.camera = new PerspectiveCamera(FIELD_OF_VIEW, 1, 0.1, 10);
    this.#addCanvas();
    /** Runs before each frame; returns true while it wants another one. */
    this.beforeFrame = () => false;
    /** Runs after the stage has changed its shape. */
    this.onResize = () => undefined;
    this.#observer = new ResizeObserver(() => this.#resize());
    this.#observer.observe(element);
  }

  /** Asks for one frame; any number of calls before it share it. */
  invalidate() {
    this.#pending ||= requestAnimationFrame((now) => this.#frame(now));
  }

  /** Draws at once and resolves when the picture is about to be shown. */
  async firstFrame() {
    this.#resize();
    await new Promise((resolve) => requestAnimationFrame(resolve));
  }

  dispose() {
    cancelAnimationFrame(this.#pending);
    this.#observer.disconnect();
    this.renderer.dispose();
    this.renderer.domElement.remove();
  }

  #frame(now) {
    this.#pending = 0;
    const again = this.beforeFrame(now);
    this.renderer.render(this.scene, this.camera);
    if (again) this.invalidate();
  }

  #resize() {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (!width || !height) return;
    this.renderer.setSize(width, height, false);
    this.camera.aspect = width / height;
    this.camera.updateProjectionMatrix();
    this.onResize();
    // Resizing has cleared the drawing buffer; waiting for the next frame would flash.
    this.renderer.render(this.scene, this.camera);
  }

  #addCanvas() {
    const canvas = this.renderer.domElement;
    canvas.setAttribute("role", "img");
    canvas.addEventListener("webglcontextrestored", () => this.invalidate());
    this.element.append(canvas);
  }
}
