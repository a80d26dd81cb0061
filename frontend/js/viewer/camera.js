/**
 * Where the camera stands: named views, turning and zooming around the face.
 *
 * A pose is {azimuth, polar, zoom, target}. Azimuth is 0 in front of the face (+Z) and grows
 * towards +X, polar is π/2 at eye level (+Y is up), both in radians. Zoom is the distance in units
 * of the one at which the whole model fits the stage, so it survives a change of the stage's size.
 */
import { Box3, MathUtils, Sphere, Spherical, Vector3 } from "three";

import { Framing } from "./framing.js";
import { LEVEL, PRESETS, describe, shortest } from "./words.js";

const POLAR_RANGE = [0.35, 2.5];
const ZOOM_RANGE = [0.25, 1.6];
const DURATION_MS = 350;
const NAMING_MS = 250;

export class CameraRig {
  #tween = null;
  #naming = 0;
  #calm = window.matchMedia("(prefers-reduced-motion: reduce)");

  /**
   * @param {object} options
   * @param {import("three").Mesh} options.mesh the model, any unit and origin, in its own place
   * @param {import("./stage.js").Stage} options.stage
   * @param {(view: {name: string, direction: string, height: string}) => void} options.onView
   */
  constructor({ mesh, stage, onView }) {
    this.stage = stage;
    this.camera = stage.camera;
    this.onView = onView;
    this.framing = new Framing(mesh.geometry.attributes.position);
    this.box = new Box3().setFromObject(mesh);
    this.sphere = this.box.getBoundingSphere(new Sphere());
    /** The point looked at; shared with the pointer controls, never replaced. */
    this.target = new Vector3();
    this.polarRange = POLAR_RANGE;
    stage.onResize = () => this.#place(this.pose);
    stage.beforeFrame = (now) => this.#step(now);
    this.#place(this.#preset("front"));
    onView(describe(this.pose));
  }

  /** Distance at which the model fits the stage in every named view. */
  get fitDistance() {
    return this.framing.distance(this.camera.aspect);
  }

  /** @returns {[number, number]} nearest and farthest distance from the target */
  get distanceRange() {
    return ZOOM_RANGE.map((zoom) => zoom * this.fitDistance);
  }

  /** @param {string} name of a preset */
  show(name) {
    this.#moveTo(this.#preset(name));
  }

  /** Turns by the given angles. Steps taken while still moving add up. */
  turn(azimuth, polar) {
    const goal = this.#tween?.to ?? this.pose;
    const tilted = MathUtils.clamp(goal.polar + polar, ...POLAR_RANGE);
    this.#moveTo({ ...goal, azimuth: goal.azimuth + azimuth, polar: tilted });
  }

  /** @param {number} factor above 1 comes closer */
  zoom(factor) {
    const goal = this.#tween?.to ?? this.pose;
    this.#moveTo({ ...goal, zoom: MathUtils.clamp(goal.zoom / factor, ...ZOOM_RANGE) });
  }

  /** Takes over after a hand has moved the camera. */
  follow() {
    this.#tween = null;
    const held = this.target.clone().clamp(this.box.min, this.box.max);
    this.camera.position.add(held.clone().sub(this.target));
    const offset = this.camera.position.clone().sub(held);
    const { theta, phi, radius } = new Spherical().setFromVector3(offset);
    this.#place({ azimuth: theta, polar: phi, zoom: radius / this.fitDistance, target: held });
    this.#nameSoon();
    this.stage.invalidate();
  }

  #preset(name) {
    return { azimuth: PRESETS[name], polar: LEVEL, zoom: 1, target: this.framing.target(name) };
  }

  #moveTo(to) {
    clearTimeout(this.#naming);
    this.stage.invalidate();
    if (this.#calm.matches) {
      this.#place(to);
      this.#nameSoon();
      return;
    }
    // The short way round: from 350° to 10° is a step of 20°.
    const azimuth = to.azimuth - shortest(to.azimuth - this.pose.azimuth);
    this.#tween = { from: { ...this.pose, azimuth }, to, start: null };
  }

  #step(now) {
    if (!this.#tween) return false;
    const { from, to } = this.#tween;
    this.#tween.start ??= now;
    const time = Math.min(1, (now - this.#tween.start) / DURATION_MS);
    const eased = time * time * (3 - 2 * time);
    this.#place({
      azimuth: MathUtils.lerp(from.azimuth, to.azimuth, eased),
      polar: MathUtils.lerp(from.polar, to.polar, eased),
      zoom: MathUtils.lerp(from.zoom, to.zoom, eased),
      target: from.target.clone().lerp(to.target, eased),
    });
    if (time < 1) return true;
    this.#tween = null;
    this.#nameSoon();
    return false;
  }

  #place(pose) {
    this.pose = pose;
    this.target.copy(pose.target);
    this.camera.position
      .setFromSphericalCoords(pose.zoom * this.fitDistance, pose.polar, pose.azimuth)
      .add(this.target);
    this.camera.lookAt(this.target);
    this.#clip();
  }

  #clip() {
    const { center, radius } = this.sphere;
    const distance = this.camera.position.distanceTo(center);
    this.camera.near = Math.max(radius / 100, distance - 1.5 * radius);
    this.camera.far = distance + 1.5 * radius;
    this.camera.updateProjectionMatrix();
  }

  /** Names the view a little after it came to rest, so that speech does not follow every step. */
  #nameSoon() {
    clearTimeout(this.#naming);
    this.#naming = setTimeout(() => this.onView(describe(this.pose)), NAMING_MS);
  }
}
