/**
 * TIS-DPO's weights of tokens: from how much likelier a token is under a policy trained on the pairs than under one
 * trained on them the other way round (its DPO variant), by rank in the answer from 0.7 to 1.3 (`rank_based` of its
 * code; the closing token has a weight here, so that equal weights are DPO). Beside it weights that know the verdicts,
 * and the estimated ones shuffled. How well the estimate tells right tokens from wrong ones is its AUC.
 */
import { z } from "zod";
import { trainOptionsSchema } from "../../align/trainOptions";
import { completionTokenLogps } from "../../align/track/sequences";
import { midranks } from "../../base/ranks";
import { Rng } from "../../base/rng";
import { isHallucination } from "../../factuality/verdict";
import { withPolicy } from "../../model/policy";
import type { Tokenized, TokenizedPair, TokenizedSide } from "../../preference/collate";
import type { PreferenceSide } from "../../preference/pair";
import { bestAndWorst } from "./candidatePairs";
import type { MadeRows, RowContext } from "./rowContext";

export const tokenWeightsSchema = z
  .object({
    rows: z.literal("weighted"),
    estimator: z.enum(["contrast", "shuffled", "verdicts"]),
    /** how the two contrastive policies are trained */
    contrast: trainOptionsSchema,
  })
  .strict();
type TokenWeights = z.output<typeof tokenWeightsSchema>;

const lowest = 0.7;
const highest = 1.3;

/** By rank of the score, equal ones alike; the mean is 1. */
export function rankWeights(scores: ArrayLike<number>): number[] {
  const { length } = scores;
  if (length < 2) return Array.from(scores, () => 1);
  return Array.from(midranks(scores), (rank) => lowest + ((highest - lowest) * rank) / (length - 1));
}

/** Probability that one of the first has a higher score than one of the second, ties as halves; NaN without either. */
export function areaUnderCurve(higher: readonly number[], lower: readonly number[]): number {
  const ranks = midranks([...higher, ...lower]);
  const sum = higher.reduce((total, _, i) => total + ranks[i]!, 0); // ranks begin at 0
  return (sum - (higher.length * (higher.length - 1)) / 2) / (higher.length * lower.length);
}

export async function tokenWeights(context: RowContext, options: TokenWeights): Promise<MadeRows> {
  return {
    rows: await bestAndWorst(context),
    measures: {},
    reweigh: (tokenized) => reweighed(context, options, tokenized),
  };
}

/** Of completion tokens [T - P]: log pi+ - log pi-. */
type Estimates = Record<"chosen" | "rejected", Float32Array[]>;

async function reweighed(
  { contrast, session }: RowContext,
  { estimator }: TokenWeights,
  tokenized: Tokenized,
): Promise<{ tokenized: Tokenized; measures: Record<string, number> }> {
  if (!contrast) throw new Error("tokenWeights: expected the contrastive policies, got none");
  const { pairs } = tokenized;
  const estimates = await estimate(contrast, pairs);
  const rng = new Rng(session.seed).fork("shuffled weights");
  const weights = (pair: TokenizedPair, side: "chosen" | "rejected", i: number): Float32Array => {
    const own = pair[side];
    const scores = estimator === "verdicts" ? rightness(own, pair.source[side]) : Array.from(estimates[side][i]!);
    const wanted = side === "chosen" ? scores : scores.map((score) => -score);
    const ranked = rankWeights(wanted);
    const last = estimator === "shuffled" ? rng.fork(i).fork(side).shuffle(ranked) : ranked;
    return own.weights.map((weight, t) => (t < own.promptLength ? weight : weight * last[t - own.promptLength]!));
  };
  const side = (pair: TokenizedPair, name: "chosen" | "rejected", i: number): TokenizedSide => ({
    ...pair[name],
    weights: weights(pair, name, i),
  });
  return {
    tokenized: {
      ...tokenized,
      pairs: pairs.map((pair, i) => ({
        ...pair,
        chosen: side(pair, "chosen", i),
        rejected: side(pair, "rejected", i),
      })),
    },
    measures: { aucChosen: auc(pairs, estimates, "chosen"), aucRejected: auc(pairs, estimates, "rejected") },
  };
}

async function estimate(
  { plus, minus }: NonNullable<RowContext["contrast"]>,
  pairs: readonly TokenizedPair[],
): Promise<Estimates> {
  const under = async (dir: string) => {
    return withPolicy(dir, async (policy) => {
      const of = (side: "chosen" | "rejected") =>
        completionTokenLogps(
          policy,
          pairs.map((pair) => pair[side]),
        );
      return { chosen: await of("chosen"), rejected: await of("rejected") };
    });
  };
  const [high, low] = [await under(plus), await under(minus)];
  const apart = (side: "chosen" | "rejected") =>
    high[side].map((values, i) => values.map((value, t) => value - low[side][i]![t]!));
  return { chosen: apart("chosen"), rejected: apart("rejected") };
}

/** Of completion tokens: 1 right, 0 neither, -1 wrong. */
function rightness({ sentenceOf, promptLength }: TokenizedSide, { sentences }: PreferenceSide): number[] {
  return Array.from(sentenceOf.subarray(promptLength), (s) => {
    const verdict = sentences[s]?.verdict;
    if (verdict === undefined || verdict === "no-fact") return 0;
    return isHallucination(verdict) ? -1 : 1;
  });
}

/** Whether right tokens have higher estimates than wrong ones, over all answers of a side. */
function auc(pairs: readonly TokenizedPair[], estimates: Estimates, side: "chosen" | "rejected"): number {
  const groups: Record<1 | -1, number[]> = { 1: [], [-1]: [] };
  pairs.forEach((pair, i) =>
    rightness(pair[side], pair.source[side]).forEach((label, t) => {
      if (label !== 0) groups[label as 1 | -1].push(estimates[side][i]![t]!);
    }),
  );
  return groups[1].length > 0 && groups[-1].length > 0 ? areaUnderCurve(groups[1], groups[-1]) : 0.5;
}
