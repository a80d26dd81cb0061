/**
 * One value at a time over the face: chosen at the viewer, at the value itself, or at one of its
 * areas, which is then pointed out.
 *
 * Where there is no 3D view, the still of the front with the value over it takes its place.
 */
import { scaleGradient } from "../viewer/scale.js";
import { busy, choose, chosen } from "./choices.js";

export class Overlays {
  #zone = "";

  /** @param {import("./panel.js").ViewerPanel} panel */
  constructor(panel) {
    this.panel = panel;
    this.config = panel.config;
    this.choices = panel.root.querySelector("[data-overlays]");
    this.legend = panel.root.querySelector("[data-legend]");
    this.buttons = [...document.querySelectorAll("[data-show-overlay]")];
    this.zoneButtons = [...document.querySelectorAll("[data-show-zone]")];
    if (!this.choices) return;
    this.legend.querySelector("[data-legend-ramp]").style.backgroundImage = scaleGradient();
    this.choices.addEventListener("change", () => this.#show(chosen(this.choices), ""));
    for (const button of this.buttons) {
      button.addEventListener("click", () => this.#toggle(button.dataset.showOverlay, ""));
    }
    for (const button of this.zoneButtons) {
      const { metric, showZone } = button.dataset;
      button.addEventListener("click", () => this.#toggle(metric, showZone));
    }
  }

  /** Offers what can be shown: in 3D everything there is, on pictures what there is a still of. */
  offer({ in3D }) {
    const can = (metric) => (in3D ? this.#find(metric)?.url : this.#find(metric)?.still);
    for (const button of this.buttons) button.hidden = !can(button.dataset.showOverlay);
    this.#offerChoices(can);
    for (const button of this.zoneButtons) {
      const { metric, showZone } = button.dataset;
      const has = in3D && can(metric) && this.config.zones?.names.includes(showZone);
      button.disabled = !has;
    }
  }

  #offerChoices(can) {
    if (!this.choices) return;
    const labels = [...this.choices.querySelectorAll("label")];
    for (const label of labels) {
      const { value } = label.querySelector("input");
      label.hidden = value !== "" && !can(value);
    }
    // "Nothing" alone is no choice.
    this.choices.hidden = labels.every((label) => label.hidden || !label.querySelector("input").value);
  }

  async #toggle(metric, zone) {
    if (chosen(this.choices) === metric && this.#zone === zone) {
      await this.#show(zone ? metric : "", "");
      return;
    }
    this.panel.root.scrollIntoView({ block: "nearest" });
    await this.panel.open({ focus: false });
    await this.#show(metric, zone);
  }

  async #show(metric, zone) {
    const overlay = this.#find(metric);
    this.panel.tell("");
    this.#mark(metric, zone, Boolean(overlay));
    if (!this.panel.viewer) {
      if (overlay?.still || !metric) this.panel.views.lay(overlay);
      return;
    }
    const { loaded, hasScale } = await busy(this.choices, this.#lay(overlay, zone));
    if (chosen(this.choices) !== metric) return;
    if (loaded) {
      this.legend.hidden = !hasScale;
      return;
    }
    this.#mark("", "", false);
    this.panel.tell(this.panel.say("layerFailed"));
  }

  async #lay(overlay, zone) {
    const { viewer } = this.panel;
    const level = zone ? this.config.zones.names.indexOf(zone) + 1 : 0;
    const [result, pointedOut] = await Promise.all([
      viewer.setOverlay(overlay?.url ?? null),
      viewer.setZone(zone ? { url: this.config.zones.url, level } : null),
    ]);
    if (!pointedOut) this.#mark(overlay.metric, "", result.hasScale);
    return result;
  }

  /** Choice, legend, buttons, and the value itself with its areas. */
  #mark(metric, zone, hasScale) {
    this.#zone = zone;
    choose(this.choices, metric);
    this.legend.hidden = !hasScale;
    this.legend.querySelector("[data-legend-name]").textContent = this.#find(metric)?.label ?? "";
    for (const button of this.buttons) {
      const shown = button.dataset.showOverlay === metric;
      button.setAttribute("aria-pressed", String(shown));
      const value = button.closest("[data-value]");
      value.toggleAttribute("data-chosen", shown);
      if (shown) value.querySelector("[data-zones]")?.setAttribute("open", "");
    }
    for (const button of this.zoneButtons) {
      const shown = button.dataset.metric === metric && button.dataset.showZone === zone;
      button.setAttribute("aria-pressed", String(shown));
    }
  }

  #find(metric) {
    return this.config.overlays.find((overlay) => overlay.metric === metric);
  }
}
