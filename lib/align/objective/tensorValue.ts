/** Values of objectives as tensors [B], a number a pair, with the engine's gradients. */
import * as tf from "@tensorflow/tfjs";
import { withGradient } from "../../engine/kernels";
import { leastNegative, type Value } from "./value";

type Operand = TensorValue | number;

export class TensorValue implements Value<TensorValue> {
  constructor(readonly tensor: tf.Tensor1D) {}

  add(other: Operand): TensorValue {
    return new TensorValue(tf.add(this.tensor, raw(other)));
  }

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

  exp(): TensorValue {
    return new TensorValue(tf.exp(this.tensor));
  }

  relu(): TensorValue {
    return new TensorValue(tf.relu(this.tensor));
  }

  sigmoid(): TensorValue {
    return new TensorValue(tf.sigmoid(this.tensor));
  }

  negLogSigmoid(): TensorValue {
    return new TensorValue(negLogSigmoid(this.tensor));
  }

  log1mexp(): TensorValue {
    return new TensorValue(log1mexp(this.tensor));
  }

  frozen(): TensorValue {
    return new TensorValue(stopGradient(this.tensor));
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

/**
 * log(1 - exp(x)) = log tanh(-x / 2) + log(1 + exp(x)), exact near 0, where 1 - exp(x) is not; its slope is
 * -1 / (exp(-x) - 1) = (1 - 1 / tanh(-x / 2)) / 2.
 */
function log1mexp(x: tf.Tensor1D): tf.Tensor1D {
  return withGradient([x], ([x], save) => {
    const bounded = tf.minimum(x, leastNegative);
    const tanh = tf.tanh(tf.mul(bounded, -0.5));
    save([tanh, tf.cast(tf.lessEqual(x, leastNegative), "float32")]);
    return {
      value: tf.add(tf.log(tanh), tf.log(tf.add(tf.exp(bounded), 1))),
      gradient: (dy, [tanh, within]) => [tf.mul(dy, tf.mul(within!, tf.mul(tf.sub(1, tf.reciprocal(tanh!)), 0.5)))],
    };
  });
}

/** The same tensor, as a constant. */
export function stopGradient<T extends tf.Tensor>(x: T): T {
  return withGradient<[T], T>([x], ([x]) => ({ value: tf.clone(x), gradient: (dy) => [tf.zerosLike(dy)] }));
}
