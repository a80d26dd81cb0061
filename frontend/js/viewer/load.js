/** Decoding the model. */
import { DRACOLoader } from "three/addons/loaders/DRACOLoader.js";
import { GLTFLoader } from "three/addons/loaders/GLTFLoader.js";

/**
 * @param {object} options
 * @param {Promise<ArrayBuffer>} options.data GLB with Draco geometry and one textured mesh
 * @param {{js: string, wasm: string}} options.decoder
 * @returns {Promise<{object: import("three").Object3D, mesh: import("three").Mesh}>}
 * @throws {Error} what `data` throws, and on a broken file or a file without a mesh
 */
export async function decodeModel({ data, decoder }) {
  const draco = new DRACOLoader().setDecoderPath(decoder).setWorkerLimit(1).preload();
  // Whoever fails first, model or decoder, gives the reason; the other's is not lost on the way.
  draco.decoderPending.catch(() => undefined);
  try {
    const gltf = await new GLTFLoader().setDRACOLoader(draco).parseAsync(await data, "");
    const mesh = firstMesh(gltf.scene);
    if (!mesh) throw new Error("The model holds no mesh.");
    return { object: gltf.scene, mesh };
  } finally {
    draco.dispose();
  }
}

function firstMesh(scene) {
  let found = null;
  scene.traverse((node) => {
    found ??= node.isMesh ? node : null;
  });
  return found;
}
