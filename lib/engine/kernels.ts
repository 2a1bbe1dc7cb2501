/**
 * Blocks of the forward pass with their gradients written by hand: fewer kernels and less memory than the
 * tape would use (checked against autodiff in test/engine). N = B*T tokens, D hidden, F feed-forward, V vocabulary.
 */
import * as tf from "@tensorflow/tfjs";

type Block<I extends tf.Tensor[], O extends tf.Tensor> = (
  inputs: I,
  save: (tensors: tf.Tensor[]) => void,
) => { value: O; gradient: (dy: O, saved: tf.Tensor[]) => tf.Tensor[] };

/** `tf.customGrad` with types: the gradient returns one tensor per input. */
export function withGradient<I extends tf.Tensor[], O extends tf.Tensor>(inputs: [...I], block: Block<I, O>): O {
  const f = tf.customGrad((...args) => {
    const save = args.pop() as unknown as (tensors: tf.Tensor[]) => void;
    const { value, gradient } = block(args as unknown as I, save);
    // tfjs would keep what the gradient makes until the whole backward pass ends
    return { value, gradFunc: (dy, saved) => tf.tidy(() => gradient(dy as O, saved)) };
  });
  return f(...inputs) as O;
}

/** RMSNorm: x [N, D] / rms(x) * weight [D]. */
export function rmsNorm(x: tf.Tensor2D, weight: tf.Tensor1D, eps: number): tf.Tensor2D {
  return withGradient([x, weight], ([x, weight], save) => {
    const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), eps)); // [N, 1]
    const normed = tf.mul(x, inverse);
    save([weight, inverse, normed]);
    return {
      value: tf.mul(normed, weight),
      gradient: (dy, [weight, inverse, normed]) => {
        const product = tf.mul(dy, normed!);
        const size = dy.shape[1];
        // mean over D of dy*w*normed
        const projection = tf.mul(tf.matMul(product, tf.reshape(weight!, [size, 1])), 1 / size);
        return [tf.mul(inverse!, tf.sub(tf.mul(dy, weight!), tf.mul(normed!, projection))), tf.sum(product, 0)];
      },
    };
  });
}

/** Gated units: activation(gate) * up, both [N, F]. */
export interface Gate {
  /** with its gradient */
  block: (gate: tf.Tensor2D, up: tf.Tensor2D) => tf.Tensor2D;
  /** where there is no gradient: when decoding, a block with one costs 2 % of a step */
  value: (gate: tf.Tensor2D, up: tf.Tensor2D) => tf.Tensor2D;
}

/** SwiGLU: silu(gate) * up, both [N, F]. */
export function swiglu(gate: tf.Tensor2D, up: tf.Tensor2D): tf.Tensor2D {
  return withGradient([gate, up], ([gate, up], save) => {
    const { sigmoid, silu, value } = gated(gate, up);
    save([up, sigmoid, silu]);
    return {
      value,
      gradient: (dy, [up, sigmoid, silu]) => {
        const dSilu = tf.mul(dy, up!);
        // d silu/d gate = s + silu (1 - s), s = sigmoid(gate)
        return [tf.mul(dSilu, tf.add(sigmoid!, tf.sub(silu!, tf.mul(silu!, sigmoid!)))), tf.mul(dy, silu!)];
      },
    };
  });
}

export const silu: Gate = { block: swiglu, value: (gate, up) => gated(gate, up).value };

function gated(gate: tf.Tensor2D, up: tf.Tensor2D): Record<"sigmoid" | "silu" | "value", tf.Tensor2D> {
  const sigmoid = tf.sigmoid(gate);
  const silu = tf.mul<tf.Tensor2D>(gate, sigmoid);
  return { sigmoid, silu, value: tf.mul(silu, up) };
}

/** GeGLU with the activation that PyTorch calls gelu, approximate="tanh". */
export const geluTanh: Gate = {
  value: (gate, up) => tf.mul(tf.mul(tf.mul(gate, 0.5), tf.add(geluCurve(gate), 1)), up),
  block: (gate, up) =>
    withGradient([gate, up], ([gate, up], save) => {
      const curve = geluCurve(gate);
      save([gate, up, curve]);
      return {
        value: tf.mul(tf.mul(tf.mul(gate, 0.5), tf.add(curve, 1)), up),
        gradient: (dy, [gate, up, curve]) => {
          const half = tf.mul(tf.add(curve!, 1), 0.5);
          // d gelu/dx = (1 + t) / 2 + x/2 (1 - t^2) c (1 + 3a x^2)
          const slope = tf.mul(tf.add(tf.mul(tf.square(gate!), 3 * geluCubic), 1), 0.5 * geluScale);
          const bent = tf.mul(tf.mul(gate!, tf.sub(1, tf.square(curve!))), slope);
          return [tf.mul(tf.mul(dy, up!), tf.add(half, bent)), tf.mul(dy, tf.mul(gate!, half))];
        },
      };
    }),
};

const geluScale = Math.sqrt(2 / Math.PI);
const geluCubic = 0.044715;

/** tanh(c (x + a x^3)) */
function geluCurve(x: tf.Tensor2D): tf.Tensor2D {
  return tf.tanh(tf.mul<tf.Tensor2D>(tf.add(x, tf.mul(tf.mul(tf.square(x), x), geluCubic)), geluScale));
}

/**
 * Rows of a table [R, D] by int32 index [N] -> [N, D]; the gradient adds rows instead of multiplying by a one-hot
 * matrix.
 */
export function takeRows(table: tf.Tensor2D, indices: tf.Tensor1D): tf.Tensor2D {
  return withGradient([table], ([table], save) => {
    save([indices]);
    const rows = table.shape[0];
    return {
      value: tf.gather(table, indices),
      gradient: (dy, [indices]) => [tf.unsortedSegmentSum(dy, indices as tf.Tensor1D, rows)],
    };
  });
}
