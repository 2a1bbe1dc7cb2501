/**
 * What training minimises: a function of what the policy, and where there is one the reference, give each side of a
 * pair. It knows neither model nor mask: masks and weights are in the sums already, and with nothing masked `dpo` is
 * DPO (Eq. 2), with the paper's mask Mask-DPO (Eq. 6). CONTRIBUTING says how to add one.
 */
import type { z } from "zod";
import type { Value } from "./value";

/** Of one side of pairs, weighted by `weights` [T] (Eq. 5). */
export interface Side<V> {
  /** sum of weight times log-probability under the policy */
  logps: V;
  /** tokens whose weight is above 0 */
  tokens: V;
}

/** The same with a reference. */
export interface ReferredSide<V> extends Side<V> {
  /** sum of weight times (policy minus reference) log-probability */
  logratio: V;
}

export type Pair<S> = Record<"chosen" | "rejected", S>;

/** A loss per pair, not yet averaged, and what is logged as the rewards of its sides. */
export interface PairLosses<V> {
  losses: V;
  chosenRewards: V;
  rejectedRewards: V;
}

/** Names, defaults and limits of an objective's options; each has a description. */
export type OptionShape = Record<string, z.ZodDefault<z.ZodNumber>>;
type Options<S extends OptionShape> = z.output<z.ZodObject<S>>;

interface Described<S extends OptionShape> {
  /** as `--objective` names it */
  name: string;
  /** as a table names it */
  label: string;
  /** who proposed it, and where */
  source: string;
  options: z.ZodObject<S>;
}

/** An objective that compares the policy with a reference. */
export interface Referring<S extends OptionShape> extends Described<S> {
  reference: true;
  losses<V extends Value<V>>(pair: Pair<ReferredSide<V>>, options: Options<S>): PairLosses<V>;
}

/** An objective without a reference: none is computed for it. */
export interface ReferenceFree<S extends OptionShape> extends Described<S> {
  reference: false;
  losses<V extends Value<V>>(pair: Pair<Side<V>>, options: Options<S>): PairLosses<V>;
}

export type Objective<S extends OptionShape = OptionShape> = Referring<S> | ReferenceFree<S>;
