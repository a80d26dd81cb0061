/** Entry of the 3D bundle of a comparison (three.js and decoder); imported on demand. */
import { bindGestures } from "../viewer/gestures.js";
import { decodeModel } from "../viewer/load.js";
import { Skin } from "../viewer/skin.js";
import { Stage } from "../viewer/stage.js";
import { Twins } from "./twins.js";

/**
 * Decodes both models, draws each into its stage and keeps their cameras together.
 *
 * @param {object} options
 * @param {HTMLElement[]} options.stages two focusable elements that receive canvas and keys
 * @param {Promise<ArrayBuffer>[]} options.data the models, GLB files, in the same order
 * @param {{js: string, wasm: string}} options.decoder addresses of the Draco decoder
 * @param {(view: {name: string, direction: string, height: string}) => void} options.onView
 * @throws {Error} when a model cannot be fetched, decoded or drawn
 */
export async function openPair({ stages: elements, data, decoder, onView }) {
  const models = await Promise.all(data.map((each) => decodeModel({ data: each, decoder })));
  const stages = [];
  try {
    for (const element of elements) stages.push(new Stage(element));
    const twins = new Twins({ stages, meshes: models.map(({ mesh }) => mesh), onView });
    models.forEach(({ object, mesh }, place) => {
      const stage = stages[place];
      new Skin({ mesh, stage });
      stage.scene.add(object);
      bindGestures({ stage, rig: twins.rigs[place] });
    });
    await Promise.all(stages.map((stage) => stage.firstFrame()));
    return {
      show: (view) => twins.leader.show(view),
      command: (name) => twins.command(name),
    };
  } catch (error) {
    for (const stage of stages) stage.dispose();
    throw error;
  }
}
