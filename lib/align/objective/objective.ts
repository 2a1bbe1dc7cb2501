/**
 * What training minimises: a function of what the policy, and where there is one the reference, give each side of a
 * pair. It knows neither model nor mask: masks and weights are in the sums already, and with nothing masked `dpo` is
 * DPO (Eq. 2), with the paper's mask Mask-DPO (Eq. 6). What costs something to compute is there for objectives that
 * need it, and only for them. CONTRIBUTING says how to add one.
 */
import type { z } from "zod";
import type { Value } from "./value";

/**
 * Of one side of pairs; m is 1 where a token's weight w is above 0, else 0. `logps` and `tokens` are always there, the
 * rest where an objective needs it.
 */
export interface SideParts<V> {
  /** p: sum of w times log-probability under the policy */
  logps: V;
  /** n: sum of m */
  tokens: V;
  /** d: sum of w times (policy minus reference) log-probability */
  logratio: V;
  /** sum of w times KL(reference || policy) over the vocabulary; needs the reference's distributions in every step */
  forwardKl: V;
  /** sum of w times KL(policy || reference), at the same cost */
  reverseKl: V;
  /** mean over m of log-probability minus the log of the sum of squared probabilities over the vocabulary */
  alignment: V;
  /** 1 where the side has a hallucination, else 0 */
  label: V;
  /** d of each sentence that has a label: as many as the longest side of the batch has */
  sentences: Sentence<V>[];
}

/** A sentence of each side; where a side has none left, both labels are 0. */
export interface Sentence<V> {
  logratio: V;
  /** 1 where it is right, else 0 */
  right: V;
  /** 1 where it is a hallucination, else 0 */
  wrong: V;
}

/** What of a side is computed only where it is needed; `zero`: `Batch.zero`, from mismatched completions. */
export type Need = Exclude<keyof SideParts<unknown>, "logps" | "tokens"> | "zero";

/** Of all pairs of a step. */
export interface Batch {
  /** KTO's z0: mean d of completions of other prompts, or 0 where that is below 0; a constant */
  zero: number;
  /** the same mean over their sentences */
  sentenceZero: number;
  /** sentences that have a label, of both sides, divided by pairs */
  sentencesPerPair: number;
}

type Side<V, N extends Need> = Pick<SideParts<V>, "logps" | "tokens" | Exclude<N, "zero">>;
export type Pair<S> = Record<"chosen" | "rejected", S>;

/** A loss per pair, not yet averaged, and what is logged as the rewards of its sides. */
export interface PairLosses<V> {
  losses: V;
  chosenRewards: V;
  rejectedRewards: V;
}

/** Names, defaults and limits of an objective's options; each has a description. */
export type OptionShape = Record<string, z.ZodDefault<z.ZodNumber> | z.ZodOptional<z.ZodNumber>>;
type Options<S extends OptionShape> = z.output<z.ZodObject<S>>;

export interface Objective<S extends OptionShape = OptionShape, N extends Need = Need> {
  /** as `--objective` names it */
  name: string;
  /** as a table names it */
  label: string;
  /** who proposed it, and where; what of it was not verified */
  source: string;
  options: z.ZodObject<S>;
  /** The options that a grid scales together (`strength.ts`); default: the first one, where there is one. */
  strength?: readonly Extract<keyof S, string>[];
  /** It looks at chosen sides only, so that demonstrations will do. */
  oneSided?: true;
  /** What of `SideParts` is computed; without `logratio` no reference is, nor planned for. */
  needs(options: Options<S>): readonly N[];
  /** Other weights of tokens [T] than those of masks, which come in, of one pair; constants. */
  reweigh?(weights: Pair<readonly number[]>, options: Options<S>): Pair<readonly number[]>;
  losses<V extends Value<V>>(pair: Pair<Side<V, N>>, options: Options<S>, batch: Batch): PairLosses<V>;
}
