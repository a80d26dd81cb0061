/** The same commands for buttons and keys: everything a drag or pinch does, without one. */

const TURN = Math.PI / 12;
const TILT = Math.PI / 16;
const ZOOM = 1.2;

const KEYS = {
  ArrowLeft: "turn-left",
  ArrowRight: "turn-right",
  ArrowUp: "turn-up",
  ArrowDown: "turn-down",
  "+": "zoom-in",
  "=": "zoom-in",
  "-": "zoom-out",
  0: "reset",
};

export class Commands {
  /**
   * @param {object} options
   * @param {HTMLElement} options.element listens for keys while it has the focus
   * @param {import("./camera.js").CameraRig} options.rig
   */
  constructor({ element, rig }) {
    this.table = {
      "turn-left": () => rig.turn(TURN, 0),
      "turn-right": () => rig.turn(-TURN, 0),
      "turn-up": () => rig.turn(0, TILT),
      "turn-down": () => rig.turn(0, -TILT),
      "zoom-in": () => rig.zoom(ZOOM),
      "zoom-out": () => rig.zoom(1 / ZOOM),
      reset: () => rig.show("front"),
    };
    element.addEventListener("keydown", (event) => this.#key(event));
  }

  /** @param {string} name one of the keys of the table; any other is ignored */
  run(name) {
    this.table[name]?.();
  }

  #key(event) {
    // Browser shortcuts such as Ctrl and + stay the browser's.
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const name = KEYS[event.key];
    if (!name) return;
    event.preventDefault();
    this.run(name);
  }
}
