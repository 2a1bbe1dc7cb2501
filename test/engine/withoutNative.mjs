// Preloaded into a child: a machine on which the native binding does not load.
import Module from "node:module";

const load = Module._load;
Module._load = (request, ...rest) => {
  if (request === "@tensorflow/tfjs-node-gpu") throw new Error("The Node.js native addon module can not be found");
  return load(request, ...rest);
};
