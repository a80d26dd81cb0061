/**
 * Fetches a file and tells how much of it has come.
 *
 * @param {string} url
 * @param {number} bytes the file's length, as announced to the person
 * @param {(received: number) => void} onProgress bytes so far, never more than announced
 * @returns {Promise<ArrayBuffer>}
 * @throws {Error} on an HTTP error, and when the connection breaks off
 */
export async function download(url, bytes, onProgress) {
  onProgress(0);
  const response = await fetch(url);
  if (!response.ok) throw new Error(`The model answered with status ${response.status}.`);
  const chunks = [];
  let received = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    received += value.length;
    onProgress(Math.min(bytes, received));
  }
  return new Blob(chunks).arrayBuffer();
}

/**
 * Bytes in the reader's words, counted as Django's `filesizeformat` counts them.
 *
 * @param {number} bytes
 * @param {string} language
 * @returns {string} such as "373 KB" or "1,2 MB"
 */
export function size(bytes, language) {
  const mega = bytes >= 1024 ** 2;
  const number = new Intl.NumberFormat(language, { maximumFractionDigits: mega ? 1 : 0 });
  return `${number.format(bytes / (mega ? 1024 ** 2 : 1024))}\u00a0${mega ? "MB" : "KB"}`;
}
