/** Weights of a policy that has learnt. */
import * as tf from "@tensorflow/tfjs";
import { Rng } from "../../../lib/base/rng";

/** As far from `weights` [P] as normal noise times `by`; the caller's. */
export function moved(weights: tf.Tensor1D, by: number): tf.Tensor1D {
  const rng = new Rng(`moved ${by}`);
  return tf.tidy(() =>
    tf.add(
      weights,
      Float32Array.from({ length: weights.size }, () => by * rng.normal()),
    ),
  );
}
