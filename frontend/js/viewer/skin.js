/** What the face wears: its colour texture in several lights, and a measured overlay over it. */
import {
  DataTexture,
  DoubleSide,
  LinearFilter,
  NoColorSpace,
  SRGBColorSpace,
  ShaderMaterial,
  Texture,
  TextureLoader,
} from "three";

import { cividisTable } from "./cividis.js";
import { FRAGMENT, VERTEX } from "./shader.js";

/** How much of the skin's own picture an overlay covers. */
const OVERLAY_SHARE = 0.82;

export class Skin {
  #layer = null;
  #wantedLayer = null;
  #wantedOverlay = null;

  /**
   * @param {object} options
   * @param {import("three").Mesh} options.mesh its material's map, if any, is the base texture
   * @param {import("./stage.js").Stage} options.stage
   */
  constructor({ mesh, stage }) {
    this.stage = stage;
    this.base = mesh.material.map;
    this.uniforms = uniforms(mesh.material, this.base);
    if (this.base) this.base.anisotropy = stage.renderer.capabilities.getMaxAnisotropy();
    const material = new ShaderMaterial({
      vertexShader: VERTEX,
      fragmentShader: FRAGMENT,
      uniforms: this.uniforms,
      vertexColors: mesh.material.vertexColors,
      side: DoubleSide,
    });
    mesh.material.dispose();
    mesh.material = material;
  }

  /**
   * @param {string | null} url colour texture in the model's UV layout; null: the model's own
   * @returns {Promise<boolean>} false when it did not load; the model then wears its own
   */
  async setLayer(url) {
    this.#wantedLayer = url;
    const texture = url && (await this.#load(url, SRGBColorSpace));
    // A later choice may have overtaken this one while it was loading.
    if (this.#wantedLayer !== url) return true;
    this.#layer?.dispose();
    this.#layer = texture;
    this.#wear(texture || this.base);
    return !url || Boolean(texture);
  }

  /**
   * @param {string | null} url 8-bit grey image in the model's UV layout; null: none
   * @returns {Promise<boolean>} false when it did not load; nothing is laid over the face then
   */
  async setOverlay(url) {
    this.#wantedOverlay = url;
    const texture = url && (await this.#load(url, NoColorSpace));
    if (this.#wantedOverlay !== url) return true;
    this.uniforms.overlayMap.value.dispose();
    this.uniforms.overlayMap.value = texture || new Texture();
    this.uniforms.overlayShare.value = texture ? OVERLAY_SHARE : 0;
    this.stage.invalidate();
    return !url || Boolean(texture);
  }

  #wear(texture) {
    this.uniforms.skinMap.value = texture ?? new Texture();
    this.uniforms.skinShare.value = texture ? 1 : 0;
    this.stage.invalidate();
  }

  async #load(url, colorSpace) {
    // The loader rejects with a bare event that says no more than that it did not load.
    const texture = await new TextureLoader().loadAsync(url).catch(() => null);
    return texture && this.#likeBase(texture, colorSpace);
  }

  /** glTF has the origin of texture coordinates in the upper left corner, other images do not. */
  #likeBase(texture, colorSpace) {
    texture.flipY = false;
    texture.colorSpace = colorSpace;
    texture.anisotropy = this.base?.anisotropy ?? 1;
    return texture;
  }
}

function uniforms(material, base) {
  return {
    tone: { value: material.color },
    skinMap: { value: base ?? new Texture() },
    skinShare: { value: base ? 1 : 0 },
    overlayMap: { value: new Texture() },
    overlayTable: { value: scaleTexture() },
    overlayShare: { value: 0 },
  };
}

function scaleTexture() {
  const size = 256;
  const texture = new DataTexture(cividisTable(size), size, 1);
  texture.colorSpace = SRGBColorSpace;
  texture.magFilter = LinearFilter;
  texture.minFilter = LinearFilter;
  texture.needsUpdate = true;
  return texture;
}
