/** KTO's loss of one completion, or of one sentence, by its log-ratio d and the zero point z. */
import type { Value } from "../value";

/** 1 - sigmoid(beta (d - z)): of what is wanted. */
export function desirable<V extends Value<V>>(logratio: V, beta: number, zero: number): V {
  return logratio.sub(zero).mul(-beta).sigmoid();
}

/** 1 - sigmoid(beta (z - d)): of what is not. */
export function undesirable<V extends Value<V>>(logratio: V, beta: number, zero: number): V {
  return logratio.sub(zero).mul(beta).sigmoid();
}
