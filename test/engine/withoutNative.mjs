// Preloaded into a child: a machine on which the native binding does not load.
import Module from "node:module";

/** @typedef {(request: string, ...rest: unknown[]) => unknown} Load */
const loader = /** @type {{ _load: Load }} */ (/** @type {unknown} */ (Module));
const load = loader._load;
/** @type {Load} */
const loadOthers = (request, ...rest) => {
  if (request === "@tensorflow/tfjs-node-gpu") throw new Error("The Node.js native addon module can not be found");
  return load(request, ...rest);
};
loader._load = loadOthers;
