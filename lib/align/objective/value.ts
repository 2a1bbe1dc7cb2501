/**
 * The arithmetic that objectives are written in. A formula is written once and computed by whoever implements this:
 * tensors [B] with the engine's gradients (`tensorValue.ts`), or one pair in float64 (`scalar.ts`), by which `mask-dpo
 * loss` checks other trainers. An objective that needs another operation adds it here and to both.
 */
export interface Value<V> {
  sub(other: V | number): V;
  mul(other: V | number): V;
  div(other: V | number): V;
  square(): V;
  /** -log sigmoid(x), finite for every finite x */
  negLogSigmoid(): V;
}
