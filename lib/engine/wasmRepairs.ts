/** Kernels that tfjs's WebAssembly backend does not have or does slowly. */
import * as tf from "@tensorflow/tfjs";

type KernelFunction = (p: {
  inputs: Record<string, tf.TensorInfo>;
  backend: WasmBackend;
  attrs?: Record<string, unknown>;
}) => tf.TensorInfo | tf.TensorInfo[];

/** The part of the wasm backend used here. */
interface WasmBackend {
  disposeData(dataId: object): void;
  readSync(dataId: object): Float32Array | Int32Array;
  makeOutput(shape: number[], dtype: string): tf.TensorInfo;
  /** A view, which the next allocation may detach. */
  typedArrayFromHeap(tensor: tf.TensorInfo): Float32Array;
}

let repaired = false;

/** Call once after the wasm backend is set. What they gain is in test/bench/README.md. */
export function repairWasm(): void {
  if (repaired) return;
  repaired = true;
  repairMatMul();
  repair("GatherV2", gatherRows);
  repair("SplitV", splitRows);
  tf.registerKernel({
    kernelName: "UnsortedSegmentSum",
    backendName: "wasm",
    kernelFunc: segmentSum,
  } as unknown as tf.KernelConfig);
}

/** Puts `better` before a kernel; where it gives nothing, the kernel itself runs. */
function repair(
  kernelName: string,
  better: (...p: Parameters<KernelFunction>) => ReturnType<KernelFunction> | undefined,
): void {
  const kernel = tf.getKernel(kernelName, "wasm");
  const original = kernel.kernelFunc as unknown as KernelFunction;
  tf.unregisterKernel(kernelName, "wasm");
  tf.registerKernel({
    ...kernel,
    kernelFunc: ((p) => better(p) ?? original(p)) as KernelFunction as unknown as tf.KernelFunc,
  });
}

/** Multiplications in one matrix product from which copying its operands out of the batch pays. */
const worthCopying = 65536;

/**
 * wasm's matmul is fast for two plain matrices only: transposed operands are transposed first, and batches of large
 * ones go one by one.
 */
function repairMatMul(): void {
  const plain = tf.getKernel("BatchMatMul", "wasm").kernelFunc as unknown as KernelFunction;
  const transposeKernel = tf.getKernel("Transpose", "wasm").kernelFunc as unknown as KernelFunction;
  const transpose = (x: tf.TensorInfo, backend: WasmBackend): tf.TensorInfo => {
    const perm = x.shape.map((_, i) => i);
    perm.push(...perm.splice(-2).reverse());
    return transposeKernel({ inputs: { x }, backend, attrs: { perm } }) as tf.TensorInfo;
  };
  const multiply = (a: tf.TensorInfo, b: tf.TensorInfo, backend: WasmBackend) =>
    plain({ inputs: { a, b }, backend, attrs: { transposeA: false, transposeB: false } }) as tf.TensorInfo;
  repair("BatchMatMul", ({ inputs, backend, attrs }) => {
    const temporary: tf.TensorInfo[] = [];
    const turn = (x: tf.TensorInfo, flag: unknown): tf.TensorInfo => {
      if (!flag) return x;
      temporary.push(transpose(x, backend));
      return temporary.at(-1)!;
    };
    const a = turn(inputs["a"]!, attrs?.["transposeA"]);
    const b = turn(inputs["b"]!, attrs?.["transposeB"]);
    const [batch, other] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
    const large = size(a.shape.slice(-2)) * b.shape.at(-1)! >= worthCopying;
    const out =
      large && size(batch) > 1 && batch.join() === other.join()
        ? oneByOne(a, b, backend, multiply)
        : multiply(a, b, backend);
    for (const t of temporary) backend.disposeData(t.dataId);
    return out;
  });
}

/** a [..., m, k] times b [..., k, n], matrix by matrix. */
function oneByOne(
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  backend: WasmBackend,
  multiply: (a: tf.TensorInfo, b: tf.TensorInfo, backend: WasmBackend) => tf.TensorInfo,
): tf.TensorInfo {
  const count = size(a.shape.slice(0, -2));
  const out = backend.makeOutput([...a.shape.slice(0, -1), b.shape.at(-1)!], "float32");
  const matrix = (x: tf.TensorInfo, i: number): tf.TensorInfo => {
    const part = backend.makeOutput([1, ...x.shape.slice(-2)], "float32");
    const length = size(x.shape.slice(-2));
    backend.typedArrayFromHeap(part).set(backend.typedArrayFromHeap(x).subarray(i * length, (i + 1) * length));
    return part;
  };
  for (let i = 0; i < count; i++) {
    const x = matrix(a, i);
    const y = matrix(b, i);
    const product = multiply(x, y, backend);
    backend.typedArrayFromHeap(out).set(backend.typedArrayFromHeap(product), i * size(product.shape));
    for (const t of [x, y, product]) backend.disposeData(t.dataId);
  }
  return out;
}

/** Rows of x [R, ...] by indices [N]: copied whole, where wasm copies number by number. */
function gatherRows({ inputs, backend, attrs }: Parameters<KernelFunction>[0]): tf.TensorInfo | undefined {
  const { x, indices } = inputs as Record<"x" | "indices", tf.TensorInfo>;
  if (attrs?.["axis"] !== 0 || attrs["batchDims"] !== 0 || x.dtype !== "float32") return undefined;
  const ids = backend.readSync(indices.dataId);
  const row = size(x.shape.slice(1));
  // wrong indices: wasm's own message
  if (row < 8 || ids.some((id) => !(id >= 0 && id < x.shape[0]!))) return undefined;
  const out = backend.makeOutput([...indices.shape, ...x.shape.slice(1)], "float32");
  const from = backend.typedArrayFromHeap(x);
  const to = backend.typedArrayFromHeap(out);
  ids.forEach((id, i) => to.set(from.subarray(id * row, (id + 1) * row), i * row));
  return out;
}

/** Split along the first axis: wasm copies the whole tensor once a part. */
function splitRows({ inputs, backend, attrs }: Parameters<KernelFunction>[0]): tf.TensorInfo[] | undefined {
  const x = inputs["x"]!;
  const sizes = attrs?.["numOrSizeSplits"];
  if (attrs?.["axis"] !== 0 || !Array.isArray(sizes) || x.dtype !== "float32" || sizes.some((n: number) => n < 0))
    return undefined;
  const row = size(x.shape.slice(1));
  let start = 0;
  return (sizes as number[]).map((rows) => {
    const out = backend.makeOutput([rows, ...x.shape.slice(1)], "float32");
    backend.typedArrayFromHeap(out).set(backend.typedArrayFromHeap(x).subarray(start, (start += rows * row)));
    return out;
  });
}

function size(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}

/** x [N, ...], segmentIds [N] -> [numSegments, ...]; absent from the wasm backend. */
function segmentSum({
  inputs,
  backend,
  attrs,
}: {
  inputs: Record<string, tf.TensorInfo>;
  backend: WasmBackend;
  attrs: { numSegments: number };
}): tf.TensorInfo {
  const { x, segmentIds } = inputs as Record<"x" | "segmentIds", tf.TensorInfo>;
  const row = x.shape.slice(1).reduce((a, b) => a * b, 1);
  const out = backend.makeOutput([attrs.numSegments, ...x.shape.slice(1)], "float32");
  const values = backend.typedArrayFromHeap(x);
  const ids = backend.readSync(segmentIds.dataId);
  const sums = backend.typedArrayFromHeap(out).fill(0);
  ids.forEach((id, i) => {
    if (id < 0) return;
    for (let j = 0; j < row; j++) sums[id * row + j]! += values[i * row + j]!;
  });
  return out;
}
