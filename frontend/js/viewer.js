/** Entry of the 3D bundle (three.js and decoder); imported on demand by the report page. */
import { CameraRig } from "./viewer/camera.js";
import { Commands } from "./viewer/commands.js";
import { bindGestures } from "./viewer/gestures.js";
import { decodeModel } from "./viewer/load.js";
import { Skin } from "./viewer/skin.js";
import { Stage } from "./viewer/stage.js";

/**
 * Decodes the model, draws it into the stage and returns the handles the page needs.
 *
 * @param {object} options
 * @param {HTMLElement} options.stage focusable element that receives the canvas and the keys
 * @param {Promise<ArrayBuffer>} options.data the model, a GLB file
 * @param {{js: string, wasm: string}} options.decoder addresses of the Draco decoder
 * @param {(view: {name: string, direction: string, height: string}) => void} options.onView
 * @throws {Error} when the model cannot be fetched, decoded or drawn
 */
export async function openViewer({ stage: element, data, decoder, onView }) {
  const { object, mesh } = await decodeModel({ data, decoder });
  const stage = new Stage(element);
  try {
    const skin = new Skin({ mesh, stage });
    stage.scene.add(object);
    const rig = new CameraRig({ mesh, stage, onView });
    const gestures = bindGestures({ stage, rig });
    const commands = new Commands({ element, rig });
    await stage.firstFrame();
    return {
      show: (view) => rig.show(view),
      command: (name) => commands.run(name),
      setLayer: (url) => skin.setLayer(url),
      setOverlay: (url) => skin.setOverlay(url),
      setZone: (zone) => skin.setZone(zone),
      setFreeTouch: (free) => gestures.setFreeTouch(free),
    };
  } catch (error) {
    stage.dispose();
    throw error;
  }
}
