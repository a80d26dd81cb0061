/**
 * How far away the camera stands, and what it looks at, so that the whole face is in the picture.
 *
 * The same rule frames the still pictures (scans/conversion/camera.py): all of the height, and the
 * width of the upper part; broad shoulders may be cut at the sides, as in a portrait. All named
 * views share one distance.
 */
import { MathUtils, Vector3 } from "three";

import { PRESETS } from "./words.js";

/** Of a 135 mm lens upright at 4:5, in degrees: faces keep their proportions. */
export const FIELD_OF_VIEW = 14;
const MARGIN = 0.07;
const SHOULDERS = 0.4;
const SLOPE = Math.tan(MathUtils.degToRad(FIELD_OF_VIEW) / 2) * (1 - 2 * MARGIN);

export class Framing {
  #views = new Map();
  #distances = new Map();

  /** @param {import("three").BufferAttribute} positions of the model's vertices */
  constructor(positions) {
    this.positions = positions;
    this.#measureHeight();
    for (const [name, azimuth] of Object.entries(PRESETS)) {
      this.#views.set(name, this.#middle(azimuth));
    }
  }

  /** @param {string} name of a preset @returns {Vector3} the point the camera looks at */
  target(name) {
    const { across, depth, sine, cosine } = this.#views.get(name);
    const middle = (this.low + this.high) / 2;
    return new Vector3(cosine * across + sine * depth, middle, cosine * depth - sine * across);
  }

  /** @param {number} aspect of the stage, width by height @returns {number} model units */
  distance(aspect) {
    // Rounded, so that a window being dragged does not measure the model for every pixel.
    const key = Math.round(aspect * 50) / 50;
    if (!this.#distances.has(key)) this.#distances.set(key, this.#needed(key));
    return this.#distances.get(key);
  }

  #measureHeight() {
    this.low = Infinity;
    this.high = -Infinity;
    for (let i = 0; i < this.positions.count; i += 1) {
      const y = this.positions.getY(i);
      this.low = Math.min(this.low, y);
      this.high = Math.max(this.high, y);
    }
    this.shoulders = this.low + SHOULDERS * (this.high - this.low);
  }

  #middle(azimuth) {
    const view = { sine: Math.sin(azimuth), cosine: Math.cos(azimuth) };
    const range = { left: Infinity, right: -Infinity, back: Infinity, front: -Infinity };
    this.#eachPoint(view, (x, y, z) => {
      if (y <= this.shoulders) return;
      range.left = Math.min(range.left, x);
      range.right = Math.max(range.right, x);
      range.back = Math.min(range.back, z);
      range.front = Math.max(range.front, z);
    });
    const across = (range.left + range.right) / 2;
    return { ...view, across, depth: (range.back + range.front) / 2 };
  }

  /** A point is in the picture when |x| ≤ slope · (distance − z), and likewise for y. */
  #needed(aspect) {
    const middle = (this.low + this.high) / 2;
    let needed = 0;
    for (const view of this.#views.values()) {
      this.#eachPoint(view, (x, y, z) => {
        const forward = z - view.depth;
        needed = Math.max(needed, Math.abs(y - middle) / SLOPE + forward);
        if (y <= this.shoulders) return;
        needed = Math.max(needed, Math.abs(x - view.across) / (SLOPE * aspect) + forward);
      });
    }
    return needed;
  }

  /** Calls back with each vertex in a camera's right, up and backward directions. */
  #eachPoint({ sine, cosine }, callback) {
    for (let i = 0; i < this.positions.count; i += 1) {
      const x = this.positions.getX(i);
      const z = this.positions.getZ(i);
      callback(cosine * x - sine * z, this.positions.getY(i), sine * x + cosine * z);
    }
  }
}
