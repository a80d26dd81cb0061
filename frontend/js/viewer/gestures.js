/**
 * Mouse and touch on the canvas, without taking the page hostage.
 *
 * One finger moving up or down scrolls the page, sideways it turns the face, never both; two
 * fingers zoom and move. The mouse wheel scrolls the page and zooms with Ctrl held, as a trackpad pinch reports it.
 */
import { OrbitControls } from "three/addons/controls/OrbitControls.js";

const ROTATE_SPEED = 0.7;

/**
 * @param {object} options
 * @param {import("./stage.js").Stage} options.stage
 * @param {import("./camera.js").CameraRig} options.rig
 */
export function bindGestures({ stage, rig }) {
  const canvas = stage.renderer.domElement;
  let free = false;

  canvas.addEventListener("wheel", (event) => leaveToPage(event, free), { capture: true });
  canvas.addEventListener("touchstart", keepPinch, { passive: false });

  const controls = new OrbitControls(stage.camera, canvas);
  controls.target = rig.target;
  controls.rotateSpeed = ROTATE_SPEED;
  controls.addEventListener("start", () => {
    [controls.minDistance, controls.maxDistance] = rig.distanceRange;
  });
  // The controls' own listener came first, but acts only on the move that follows.
  canvas.addEventListener("pointerdown", (event) => {
    const { polar } = rig.pose;
    const locked = event.pointerType === "touch" && !free;
    [controls.minPolarAngle, controls.maxPolarAngle] = locked ? [polar, polar] : rig.polarRange;
  });
  controls.addEventListener("change", () => rig.follow());
  // The controls forbid all scrolling when they connect.
  canvas.style.touchAction = "pan-y";

  return {
    /** In full screen there is no page to scroll: every movement belongs to the face. */
    setFreeTouch(value) {
      free = value;
      canvas.style.touchAction = value ? "none" : "pan-y";
    },
  };
}

function leaveToPage(event, free) {
  if (free || event.ctrlKey) return;
  event.stopImmediatePropagation();
}

/** Two fingers moving the same way would otherwise count as scrolling. */
function keepPinch(event) {
  if (event.touches.length > 1) event.preventDefault();
}
