/** The few TensorFlow kernels that tfjs does not expose, reached through the native binding. */
import * as tf from "@tensorflow/tfjs";

/** One attribute of a raw TensorFlow op. */
interface OpAttribute {
  name: string;
  type: number;
  value: number | boolean;
}

/** What tfjs-node's backend offers beyond tfjs (its own types are internal). */
interface NativeBackend {
  binding: Record<"TF_ATTR_TYPE" | "TF_FLOAT" | "TF_COMPLEX64", number> & { TF_Version: string };
  isUsingGpuDevice: boolean;
  executeSingleOutput(name: string, attributes: OpAttribute[], inputs: tf.Tensor[]): tf.Tensor;
}

/** The native backend when it is the active one. */
export function nativeBackend(): NativeBackend | undefined {
  return tf.getBackend() === "tensorflow" ? (tf.backend() as unknown as NativeBackend) : undefined;
}

/** x [..., 2n] read as n complex numbers (re, im interleaved) times the complex `factor`, which broadcasts; same shape as x. */
export function complexRotate(backend: NativeBackend, x: tf.Tensor, factor: tf.Tensor): tf.Tensor {
  const { TF_ATTR_TYPE: type, TF_FLOAT, TF_COMPLEX64 } = backend.binding;
  const pairs = tf.reshape(x, [...x.shape.slice(0, -1), x.shape.at(-1)! / 2, 2]);
  const bitcast = (t: tf.Tensor, from: number, to: number) => // Bitcast shares memory: no copy
    backend.executeSingleOutput("Bitcast", [{ name: "T", type, value: from }, { name: "type", type, value: to }], [t]);
  const product = backend.executeSingleOutput("Mul", [{ name: "T", type, value: TF_COMPLEX64 }], [bitcast(pairs, TF_FLOAT, TF_COMPLEX64), factor]);
  return tf.reshape(bitcast(product, TF_COMPLEX64, TF_FLOAT), x.shape);
}

/** A float tensor that shares its memory with nothing. */
export function deepCopy(backend: NativeBackend, x: tf.Tensor): tf.Tensor {
  return backend.executeSingleOutput("DeepCopy", [{ name: "T", type: backend.binding.TF_ATTR_TYPE, value: backend.binding.TF_FLOAT }], [x]);
}
