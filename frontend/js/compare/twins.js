/**
 * Two cameras that move as one.
 *
 * One of them leads: the one a hand, key or button moved last. The other takes its angles, its
 * distance, so that both faces keep the same scale, and what it looks at, seen from the middle of
 * the own face, because no two captures lie in the same place.
 */
import { CameraRig } from "../viewer/camera.js";
import { Commands } from "../viewer/commands.js";

/** What tells that somebody turns to a stage. */
const SIGNS = ["pointerdown", "keydown", "wheel"];

export class Twins {
  /**
   * @param {object} options
   * @param {import("../viewer/stage.js").Stage[]} options.stages two of them
   * @param {import("three").Mesh[]} options.meshes in the same order
   * @param {(view: {name: string, direction: string, height: string}) => void} options.onView
   */
  constructor({ stages, meshes, onView }) {
    this.rigs = stages.map((stage, place) => {
      const mesh = meshes[place];
      return new CameraRig({ mesh, stage, onView: (view) => this.#named(place, view, onView) });
    });
    /** Moves both; of the larger face first, so that both are whole in their pictures. */
    this.leader = this.rigs.reduce((a, b) => (b.fitDistance > a.fitDistance ? b : a));
    stages.forEach((stage, place) => this.#join(stage, place));
    this.commands = this.rigs.map(
      (rig, place) => new Commands({ element: stages[place].element, rig }),
    );
    this.#pass();
  }

  /** @param {string} name as of `Commands` */
  command(name) {
    this.commands[this.rigs.indexOf(this.leader)].run(name);
  }

  #join(stage, place) {
    const step = stage.beforeFrame;
    const resize = stage.onResize;
    for (const sign of SIGNS) {
      stage.element.addEventListener(sign, () => this.#lead(place), { capture: true, passive: true });
    }
    stage.beforeFrame = (now) => {
      const again = step(now);
      if (this.rigs[place] === this.leader) this.#pass();
      return again;
    };
    stage.onResize = () => {
      resize();
      this.#pass();
    };
  }

  #lead(place) {
    this.leader = this.rigs[place];
  }

  /** Lets the other one stand where the leader does. */
  #pass() {
    const { leader } = this;
    const follower = this.rigs.find((rig) => rig !== leader);
    const { azimuth, polar, zoom, target } = leader.pose;
    const beside = target.clone().sub(leader.framing.target("front"));
    follower.target.copy(follower.framing.target("front")).add(beside);
    follower.camera.position
      .setFromSphericalCoords(zoom * leader.fitDistance, polar, azimuth)
      .add(follower.target);
    follower.follow();
  }

  /** Only the leader's view is named: the other's is the same, a rounding apart. */
  #named(place, view, onView) {
    if (!this.rigs || this.rigs[place] === this.leader) onView(view);
  }
}
