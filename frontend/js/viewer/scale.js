/**
 * The colours of an overlay: one hue, from the plaster of the face to a deep teal.
 *
 * A single hue whose lightness falls evenly reads the same with and without colour vision
 * deficiency, in grey print, and, since it starts from plaster and not from the skin, on every
 * skin. It holds no colour that stands for an alarm.
 */
const STOPS = [
  [0xf0, 0xea, 0xe0],
  [0xbf, 0xd2, 0xcc],
  [0x8d, 0xb9, 0xb6],
  [0x57, 0x9e, 0xa1],
  [0x24, 0x7f, 0x87],
  [0x0d, 0x5e, 0x69],
  [0x05, 0x3c, 0x48],
];

/**
 * @param {number} size entries, at least 2
 * @returns {Uint8Array} size × RGBA, sRGB, opaque
 */
export function scaleTable(size) {
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
export function scaleGradient() {
  return `linear-gradient(to right, ${STOPS.map((rgb) => `rgb(${rgb.join(" ")})`).join(", ")})`;
}
