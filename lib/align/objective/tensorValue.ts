/** Values of objectives as tensors [B], a number a pair, with the engine's gradients. */
import * as tf from "@tensorflow/tfjs";
import { withGradient } from "../../engine/kernels";
import type { Value } from "./value";

type Operand = TensorValue | number;

export class TensorValue implements Value<TensorValue> {
  constructor(readonly tensor: tf.Tensor1D) {}

  sub(other: Operand): TensorValue {
    return new TensorValue(tf.sub(this.tensor, raw(other)));
  }

  mul(other: Operand): TensorValue {
    return new TensorValue(tf.mul(this.tensor, raw(other)));
  }

  div(other: Operand): TensorValue {
    return new TensorValue(tf.div(this.tensor, raw(other)));
  }

  square(): TensorValue {
    return new TensorValue(tf.square(this.tensor));
  }

  negLogSigmoid(): TensorValue {
    return new TensorValue(negLogSigmoid(this.tensor));
  }
}

function raw(operand: Operand): tf.Tensor1D | number {
  return typeof operand === "number" ? operand : operand.tensor;
}

/** -log sigmoid(x) = max(-x, 0) + log(1 + exp(-|x|)); its slope is -sigmoid(-x). */
function negLogSigmoid(x: tf.Tensor1D): tf.Tensor1D {
  return withGradient([x], ([x], save) => {
    save([x]);
    return {
      value: tf.add(tf.relu(tf.neg(x)), tf.log(tf.add(tf.exp(tf.neg(tf.abs(x))), 1))),
      gradient: (dy, [x]) => [tf.neg(tf.mul(dy, tf.sigmoid(tf.neg(x!))))],
    };
  });
}
