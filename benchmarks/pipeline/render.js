// One model from given cameras, unlit: the surface's colours and its outline, nothing else.
import {
  Box3, Color, LinearFilter, LinearMipmapLinearFilter, Matrix4, MeshBasicMaterial,
  PerspectiveCamera, Scene, Vector3, WebGLRenderer,
} from "three";
import { DRACOLoader } from "three/examples/jsm/loaders/DRACOLoader.js";
import { GLTFLoader } from "three/examples/jsm/loaders/GLTFLoader.js";
import { MeshoptDecoder } from "three/examples/jsm/libs/meshopt_decoder.module.js";

const loader = new GLTFLoader()
  .setDRACOLoader(new DRACOLoader().setDecoderPath("draco/"))
  .setMeshoptDecoder(MeshoptDecoder);

/** Data URLs of PNGs, one a yaw (degrees); `transform` is a 4×4 matrix by columns, or null. */
window.render = async (url, transform, yaws, width, height) => {
  const { scene: model } = await loader.loadAsync(url);
  if (transform) model.applyMatrix4(new Matrix4().fromArray(transform));
  model.updateMatrixWorld(true);
  const renderer = new WebGLRenderer({ antialias: true, preserveDrawingBuffer: true });
  renderer.setSize(width, height);
  model.traverse((part) => {
    if (!part.isMesh) return;
    const map = part.material.map;
    if (map) {
      map.anisotropy = renderer.capabilities.getMaxAnisotropy();
      map.magFilter = LinearFilter;
      map.minFilter = LinearMipmapLinearFilter;
    }
    part.material = new MeshBasicMaterial({ map });
  });
  const scene = new Scene();
  scene.background = new Color(0x808080);
  scene.add(model);
  const camera = new PerspectiveCamera(24, width / height, 0.05, 5);
  const pictures = yaws.map((yaw) => {
    const angle = (yaw * Math.PI) / 180;
    camera.position.set(Math.sin(angle) * 0.75, 0, Math.cos(angle) * 0.75);
    camera.lookAt(0, 0, 0);
    renderer.render(scene, camera);
    return renderer.domElement.toDataURL("image/png");
  });
  const size = new Box3().setFromObject(model).getSize(new Vector3()).toArray();
  renderer.dispose();
  return { pictures, size };
};
window.ready = true;
