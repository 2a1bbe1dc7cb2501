/**
 * The arithmetic that objectives are written in. A formula is written once and computed by whoever implements this:
 * tensors [B] with the engine's gradients (`tensorValue.ts`), or one pair in float64 (`scalar.ts`), by which `mask-dpo
 * loss` checks other trainers. An objective that needs another operation adds it here and to both.
 */
export interface Value<V> {
  add(other: V | number): V;
  sub(other: V | number): V;
  mul(other: V | number): V;
  div(other: V | number): V;
  square(): V;
  exp(): V;
  /** max(x, 0), of slope 0 at 0 */
  relu(): V;
  sigmoid(): V;
  /** -log sigmoid(x), finite for every finite x */
  negLogSigmoid(): V;
  /** log(1 - exp(x)) of x < 0, finite: nearer to 0 than `leastNegative`, x counts as that and has no slope */
  log1mexp(): V;
  /** the same number, of which gradients know nothing: stop-gradient */
  frozen(): V;
}

/** Where `log1mexp` ends: the last step of float32 below 1 is about as far from it. */
export const leastNegative = -1e-7;
