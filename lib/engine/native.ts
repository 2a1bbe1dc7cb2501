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
  binding: Record<"TF_ATTR_TYPE" | "TF_ATTR_BOOL" | "TF_FLOAT" | "TF_COMPLEX64", number> & {
    TF_Version: string;
    executeOp(name: string, attributes: OpAttribute[], inputs: number[], outputs: number): Handle[];
    deleteTensor(id: number): void;
  };
  isUsingGpuDevice: boolean;
  executeSingleOutput(name: string, attributes: OpAttribute[], inputs: tf.Tensor[]): tf.Tensor;
  getInputTensorIds(inputs: tf.Tensor[]): number[];
  createOutputTensor(handle: Handle): tf.Tensor;
}

/** A tensor below tfjs, which has no 16-bit types. */
interface Handle {
  id: number;
  shape: number[];
  dtype: number;
}

/** The native backend when it is the active one. */
export function nativeBackend(): NativeBackend | undefined {
  return tf.getBackend() === "tensorflow" ? (tf.backend() as unknown as NativeBackend) : undefined;
}

/**
 * x [..., 2n] read as n complex numbers (re, im interleaved) times the complex `factor`, which broadcasts; same shape
 * as x.
 */
export function complexRotate(backend: NativeBackend, x: tf.Tensor, factor: tf.Tensor): tf.Tensor {
  const { TF_ATTR_TYPE: type, TF_FLOAT, TF_COMPLEX64 } = backend.binding;
  const pairs = tf.reshape(x, [...x.shape.slice(0, -1), x.shape.at(-1)! / 2, 2]);
  const bitcast = (t: tf.Tensor, from: number, to: number) =>
    // Bitcast shares memory: no copy
    backend.executeSingleOutput(
      "Bitcast",
      [
        { name: "T", type, value: from },
        { name: "type", type, value: to },
      ],
      [t],
    );
  const product = backend.executeSingleOutput(
    "Mul",
    [{ name: "T", type, value: TF_COMPLEX64 }],
    [bitcast(pairs, TF_FLOAT, TF_COMPLEX64), factor],
  );
  return tf.reshape(bitcast(product, TF_COMPLEX64, TF_FLOAT), x.shape);
}

/** A float tensor that shares its memory with nothing. */
export function deepCopy(backend: NativeBackend, x: tf.Tensor): tf.Tensor {
  return backend.executeSingleOutput(
    "DeepCopy",
    [{ name: "T", type: backend.binding.TF_ATTR_TYPE, value: backend.binding.TF_FLOAT }],
    [x],
  );
}

/** TensorFlow's numbers of the types that tfjs lacks. */
const halfTypes = { F16: 19, BF16: 14 } as const;

/** Floats [...] read as two 16-bit floats each and widened, [..., 2]. */
export function widenBits(backend: NativeBackend, pairs: tf.Tensor, halfType: keyof typeof halfTypes): tf.Tensor {
  const { binding } = backend;
  const { TF_ATTR_TYPE: type, TF_ATTR_BOOL, TF_FLOAT } = binding;
  const from = halfTypes[halfType];
  const [halves] = binding.executeOp(
    "Bitcast",
    [
      { name: "T", type, value: TF_FLOAT },
      { name: "type", type, value: from },
    ],
    backend.getInputTensorIds([pairs]),
    1,
  ); // shares memory
  const [wide] = binding.executeOp(
    "Cast",
    [
      { name: "SrcT", type, value: from },
      { name: "DstT", type, value: TF_FLOAT },
      { name: "Truncate", type: TF_ATTR_BOOL, value: false },
    ],
    [halves!.id],
    1,
  );
  binding.deleteTensor(halves!.id);
  return backend.createOutputTensor(wide!);
}
