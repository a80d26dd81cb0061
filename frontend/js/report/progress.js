/** What a 3D view's bar and the words beside it tell while files come in. */
import { size } from "./download.js";

export class Progress {
  /**
   * @param {HTMLElement} root holds `data-progress` and `data-progress-text`
   * @param {(key: string) => string} say the page's words
   */
  constructor(root, say) {
    this.bar = root.querySelector("[data-progress]");
    this.text = root.querySelector("[data-progress-text]");
    this.say = say;
  }

  /**
   * @param {number} received bytes
   * @param {number} total bytes
   */
  show(received, total) {
    const { lang } = document.documentElement;
    const words = this.say("amount").replace("LOADED", size(received, lang));
    this.bar.value = (received / total) * 100;
    this.text.textContent = words.replace("TOTAL", size(total, lang));
  }

  /** All is here; how long it still takes cannot be known. */
  unpack() {
    this.bar.removeAttribute("value");
    this.text.textContent = this.say("unpacking");
  }
}

/** Whether this device draws in 3D at all. */
export function hasWebGL() {
  return Boolean(document.createElement("canvas").getContext("webgl2"));
}
