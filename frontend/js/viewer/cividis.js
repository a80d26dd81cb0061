/**
 * The cividis colour scale (Nuñez, Anderton, Renslow 2018, doi:10.1371/journal.pone.0199239).
 *
 * Its lightness rises evenly and it reads the same with and without colour vision deficiency.
 */
const STOPS = [
  [0x00, 0x20, 0x4d],
  [0x00, 0x33, 0x6f],
  [0x39, 0x48, 0x6b],
  [0x57, 0x5c, 0x6d],
  [0x70, 0x71, 0x73],
  [0x8a, 0x87, 0x79],
  [0xa6, 0x9d, 0x75],
  [0xc4, 0xb5, 0x6c],
  [0xe4, 0xcf, 0x5b],
  [0xff, 0xea, 0x46],
];

/**
 * @param {number} size entries, at least 2
 * @returns {Uint8Array} size × RGBA, sRGB, opaque
 */
export function cividisTable(size) {
  const table = new Uint8Array(size * 4);
  for (let i = 0; i < size; i += 1) {
    const position = (i / (size - 1)) * (STOPS.length - 1);
    const low = Math.min(Math.floor(position), STOPS.length - 2);
    for (let channel = 0; channel < 3; channel += 1) {
      const from = STOPS[low][channel];
      const to = STOPS[low + 1][channel];
      table[i * 4 + channel] = Math.round(from + (to - from) * (position - low));
    }
    table[i * 4 + 3] = 255;
  }
  return table;
}

/** @returns {string} the scale from low (left) to high (right) as a CSS image */
export function cividisGradient() {
  return `linear-gradient(to right, ${STOPS.map((rgb) => `rgb(${rgb.join(" ")})`).join(", ")})`;
}
