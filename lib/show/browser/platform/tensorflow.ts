/** Stands for @tensorflow/tfjs in a browser: its core with gradients, without layers, converters and other backends. */
import "@tensorflow/tfjs-core/dist/register_all_gradients";

export * from "@tensorflow/tfjs-core";
