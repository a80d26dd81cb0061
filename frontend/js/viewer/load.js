/** Fetching and decoding the model. */
import { DRACOLoader } from "three/addons/loaders/DRACOLoader.js";
import { GLTFLoader } from "three/addons/loaders/GLTFLoader.js";

/**
 * @param {object} options
 * @param {string} options.url GLB with Draco geometry and one textured mesh
 * @param {number} options.bytes size as announced to the person, for the progress
 * @param {{js: string, wasm: string}} options.decoder
 * @param {(share: number | null) => void} options.onProgress
 * @returns {Promise<{object: import("three").Object3D, mesh: import("three").Mesh}>}
 * @throws {Error} on an HTTP error, a broken file or a file without a mesh
 */
export async function loadModel({ url, bytes, decoder, onProgress }) {
  const draco = new DRACOLoader().setDecoderPath(decoder).setWorkerLimit(1).preload();
  try {
    const data = await fetchWithProgress(url, bytes, onProgress);
    onProgress(null);
    const gltf = await new GLTFLoader().setDRACOLoader(draco).parseAsync(data, "");
    const mesh = firstMesh(gltf.scene);
    if (!mesh) throw new Error("The model holds no mesh.");
    return { object: gltf.scene, mesh };
  } finally {
    draco.dispose();
  }
}

async function fetchWithProgress(url, bytes, onProgress) {
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
    onProgress(Math.min(1, received / bytes));
  }
  return new Blob(chunks).arrayBuffer();
}

function firstMesh(scene) {
  let found = null;
  scene.traverse((node) => {
    found ??= node.isMesh ? node : null;
  });
  return found;
}
