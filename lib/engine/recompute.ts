/**
 * Gradient checkpointing: what a block computes on its way to the result is not kept for the gradient but computed
 * again.
 */
import * as tf from "@tensorflow/tfjs";
import { withGradient } from "./kernels";

/** `block` of `inputs`, all of which have a gradient. What else `block` uses must still be there on the way back. */
export function recomputed<I extends tf.Tensor[], O extends tf.Tensor>(inputs: [...I], block: (inputs: I) => O): O {
  return withGradient<I, O>(inputs, (inputs, save) => {
    save(inputs);
    return { value: block(inputs), gradient: (dy, saved) => gradientsOf((...again) => block(again as I), saved, dy) };
  });
}

/** Gradients of a function while another gradient is on its way: tfjs has one tape, which it throws away after each. */
function gradientsOf(f: (...inputs: tf.Tensor[]) => tf.Tensor, inputs: tf.Tensor[], dy: tf.Tensor): tf.Tensor[] {
  const { state } = tf.engine();
  const outer = state.activeTape;
  try {
    return tf.grads(f)(inputs, dy);
  } finally {
    state.activeTape = outer;
  }
}
