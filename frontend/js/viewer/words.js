/** Names for a camera pose: which preset it is, and the direction in words. */

/** Polar angle at eye level, radians. */
export const LEVEL = Math.PI / 2;

/** Azimuth of the named views, radians. Left and right are the scanned person's own. */
export const PRESETS = {
  front: 0,
  left: Math.PI / 4,
  right: -Math.PI / 4,
  left_side: Math.PI / 2,
  right_side: -Math.PI / 2,
};

const SAME = 0.02;
const TILTED = 0.2;

/** In steps of 45°, from the front towards +X. */
const DIRECTIONS = [
  "front",
  "frontLeft",
  "left",
  "backLeft",
  "back",
  "backRight",
  "right",
  "frontRight",
];

/**
 * @param {{azimuth: number, polar: number, zoom: number}} pose
 * @returns {{name: string, direction: string, height: string}} name is a preset or "custom";
 *   height is "fromAbove", "fromBelow" or empty at about eye level
 */
export function describe({ azimuth, polar, zoom }) {
  const eighth = Math.round(shortest(azimuth) / (Math.PI / 4));
  const direction = DIRECTIONS[(eighth + DIRECTIONS.length) % DIRECTIONS.length];
  return { name: presetName(azimuth, polar, zoom), direction, height: heightName(polar) };
}

/** @returns {number} the same angle within ±π */
export function shortest(angle) {
  return Math.atan2(Math.sin(angle), Math.cos(angle));
}

function presetName(azimuth, polar, zoom) {
  if (Math.abs(polar - LEVEL) > SAME || Math.abs(zoom - 1) > SAME) return "custom";
  const near = ([, angle]) => Math.abs(shortest(azimuth - angle)) < SAME;
  return Object.entries(PRESETS).find(near)?.[0] ?? "custom";
}

function heightName(polar) {
  const tilt = polar - LEVEL;
  if (Math.abs(tilt) < TILTED) return "";
  return tilt < 0 ? "fromAbove" : "fromBelow";
}
