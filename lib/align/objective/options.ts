/** Options that several objectives have. */
import { z } from "zod";
import type { OptionShape, Pair } from "./objective";
import type { Value } from "./value";

const nonnegative = () => z.number().nonnegative();

export const beta = (preset: number) => nonnegative().default(preset).describe("weight of the reference");
/** Where it divides. */
export const positiveBeta = (preset: number) =>
  z.number().positive().default(preset).describe("weight of the reference");
export const tau = () =>
  z.number().positive().default(0.1).describe("strength of the reference: the margin aimed at is 1 / (2 tau)");
export const labelSmoothing = (preset: number) =>
  nonnegative().lt(0.5).default(preset).describe("share of the pairs taken to be the wrong way round");
export const weightOfNll = (preset: number) =>
  nonnegative().default(preset).describe("weight of the chosen side's negative log-probability a token");
const lambda = (what: string) => nonnegative().default(1).describe(`weight of ${what}`);
/** KTO's, beside beta. */
export const kto = {
  lambdaDesirable: lambda("chosen sides"),
  lambdaUndesirable: lambda("rejected sides"),
  z0: nonnegative().optional().describe("zero point (default: estimated from mismatched completions)"),
} satisfies OptionShape;
export { lambda };

/** Log-ratios times beta: what DPO calls rewards. */
export function rewards<V extends Value<V>>(
  { chosen, rejected }: Pair<{ logratio: V }>,
  weight: number,
): Record<"chosenRewards" | "rejectedRewards", V> {
  return { chosenRewards: chosen.logratio.mul(weight), rejectedRewards: rejected.logratio.mul(weight) };
}

/** Mean log-probabilities a token, times a weight. */
export function meanRewards<V extends Value<V>>(
  { chosen, rejected }: Pair<Record<"logps" | "tokens", V>>,
  weight: number,
): Record<"chosenRewards" | "rejectedRewards", V> {
  return {
    chosenRewards: chosen.logps.div(chosen.tokens).mul(weight),
    rejectedRewards: rejected.logps.div(rejected.tokens).mul(weight),
  };
}

/** Negative log-probability a token. */
export function negativeLogps<V extends Value<V>>({ logps, tokens }: Record<"logps" | "tokens", V>): V {
  return logps.div(tokens).mul(-1);
}
