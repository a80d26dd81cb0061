/** Tells an image of levels from an image of colours, by a small copy of it. */
const EDGE = 64;
/** Lossy formats leave a trace of colour in grey. */
const TRACE = 12;

/** @param {CanvasImageSource} image @returns {boolean} whether it holds levels, not colours */
export function isGrey(image) {
  const context = new OffscreenCanvas(EDGE, EDGE).getContext("2d");
  context.drawImage(image, 0, 0, EDGE, EDGE);
  const { data } = context.getImageData(0, 0, EDGE, EDGE);
  for (let i = 0; i < data.length; i += 4) {
    const [red, green, blue] = [data[i], data[i + 1], data[i + 2]];
    if (Math.max(red, green, blue) - Math.min(red, green, blue) > TRACE) return false;
  }
  return true;
}
