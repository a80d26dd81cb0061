/** What the face wears: its colour texture in several lights, and a measured overlay over it. */
import {
  DataTexture,
  DoubleSide,
  LinearFilter,
  NearestFilter,
  NoColorSpace,
  SRGBColorSpace,
  ShaderMaterial,
  Texture,
  TextureLoader,
} from "three";

import { isGrey } from "./grey.js";
import { scaleTable } from "./scale.js";
import { FRAGMENT, VERTEX } from "./shader.js";

export class Skin {
  #layer = null;
  #wantedLayer = null;
  #wantedOverlay = null;
  #wantedZone = null;
  #map = null;

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
   * @param {string | null} url image in the model's UV layout, 8-bit grey levels to be tinted or
   *   the device's own colours; null: none
   * @returns {Promise<{loaded: boolean, hasScale: boolean}>} when it did not load, nothing is laid
   *   over the face; levels have a scale, colours do not
   */
  async setOverlay(url) {
    this.#wantedOverlay = url;
    const texture = url && (await this.#load(url, NoColorSpace));
    if (this.#wantedOverlay !== url) return { loaded: true, hasScale: false };
    const grey = Boolean(texture) && isGrey(texture.image);
    if (texture && !grey) texture.colorSpace = SRGBColorSpace;
    this.uniforms.overlayMap.value.dispose();
    this.uniforms.overlayMap.value = texture || new Texture();
    this.uniforms.overlayInColor.value = !grey;
    this.uniforms.overlayShare.value = texture ? 1 : 0;
    this.stage.invalidate();
    return { loaded: !url || Boolean(texture), hasScale: grey };
  }

  /**
   * @param {{url: string, level: number} | null} zone map of the areas in the model's UV layout,
   *   and the level of the one to point out; null: none
   * @returns {Promise<boolean>} false when the map did not load; no area is pointed out then
   */
  async setZone(zone) {
    this.#wantedZone = zone;
    const map = zone && (await this.#zoneMap(zone.url));
    if (this.#wantedZone !== zone) return true;
    if (map) this.uniforms.zoneMap.value = map;
    this.uniforms.zoneLevel.value = map ? zone.level : 0;
    this.stage.invalidate();
    return !zone || Boolean(map);
  }

  /** One map serves every area; one that did not load is tried again next time. */
  async #zoneMap(url) {
    if (this.#map) return this.#map;
    const texture = await this.#load(url, NoColorSpace);
    if (!texture) return null;
    // Levels are names: halfway between two of them lies nothing.
    texture.minFilter = NearestFilter;
    texture.magFilter = NearestFilter;
    texture.generateMipmaps = false;
    texture.anisotropy = 1;
    this.#map = texture;
    return texture;
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
    overlayInColor: { value: false },
    overlayShare: { value: 0 },
    zoneMap: { value: new Texture() },
    zoneLevel: { value: 0 },
  };
}

function scaleTexture() {
  const size = 256;
  const texture = new DataTexture(scaleTable(size), size, 1);
  texture.colorSpace = SRGBColorSpace;
  texture.magFilter = LinearFilter;
  texture.minFilter = LinearFilter;
  texture.needsUpdate = true;
  return texture;
}
