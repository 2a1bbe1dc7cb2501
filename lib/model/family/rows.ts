/** Rows of tensors that parts share. */

/** `count` rows from `start` on; of several blocks, `stride` rows apart, one block after the other. */
export function rowsFrom(start: number, count: number, blocks = 1, stride = 0): Int32Array {
  return Int32Array.from({ length: blocks * count }, (_, i) => Math.floor(i / count) * stride + start + (i % count));
}
