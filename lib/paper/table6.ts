/**
 * Table 6: best of N before and after alignment over several seeds (§4.3), and beyond: does the gap close, how much
 * does temperature matter, and what if the verifier errs.
 */
import { runsOf, type Traced } from "../show/provenance";
import { percent } from "../base/percent";
import { Rng } from "../base/rng";
import type { Interval } from "../base/stats";
import {
  bestOfN,
  type BestOfNPoint,
  compareBestOfN,
  errorReduction,
  gapSlope,
  powersOfTwo,
  slopeWeights,
} from "../evaluation/bestOfN";
import type { Difference } from "../evaluation/compare";
import { noisyScore } from "../factuality/noise";
import type { ArmDifference } from "../evaluation/arm";
import { differenceCurve } from "../evaluation/charts";
import type { Claim } from "../evaluation/claims";
import { bestOfAnswers, type Answered } from "../lab/candidates";
import { trainedPolicy } from "../lab/experiment";
import { printedGain, table6 } from "./printed";
import type { AlignedArm } from "../lab/runArms";
import { policyDir, seedsOf, type Session } from "../lab/session";
import type { Study } from "../lab/study";
import type { Curve } from "../show/figure/curves";
import { palette } from "../show/palette";
import { maskArms } from "./table2";

/** What Table 6 runs: Mask-DPO itself. */
export const study: Study = { notebook: "06", arms: (session) => [maskArms(session).paper] };

/** Answers of the base and of the aligned policies, a set a seed. */
export interface BestOfAnswers extends Traced {
  base: Answered[];
  maskDpo: Answered[];
}

/** Temperatures of the grid beside the paper's 0.8. */
export const temperatures = [0.5, 0.8, 1.1] as const;
/** Shares of sentences that a verifier misjudges; ANAH-v2 reports about one in five against human labels. */
export const verifierErrors = [0, 0.1, 0.2, 0.3, 0.5] as const;

/** Samples what is missing. @param most the largest N @param temperature the paper's unless given */
export async function sampleBestOf(
  session: Session,
  aligned: AlignedArm,
  count: number,
  most = session.preset.bestOf,
  temperature?: number,
): Promise<BestOfAnswers> {
  const base: Answered[] = [];
  const maskDpo: Answered[] = [];
  for (const [i, seed] of seedsOf(session, count).entries()) {
    const own = { ...session, seed };
    base.push(await bestOfAnswers(own, policyDir(session, "base"), most, temperature));
    maskDpo.push(await bestOfAnswers(own, trainedPolicy(session, aligned.results[i]!.experiment), most, temperature));
  }
  return { base, maskDpo, runs: runsOf(...base, ...maskDpo) };
}

/** Several sets of answers to the same questions as one: every seed's questions count as others of the same topic. */
export function poolSeeds(seeds: readonly Answered[]): Answered {
  const named = <Row extends object, Key extends keyof Row>(row: Row, key: Key, seed: number): Row => ({
    ...row,
    [key]: `${seed} ${String(row[key])}`,
  });
  return {
    questions: seeds.flatMap(({ questions }, i) => questions.map((row) => named(row, "id", i))),
    answers: seeds.flatMap(({ answers }, i) => answers.map((row) => named(row, "questionId", i))),
    runs: runsOf(...seeds),
  };
}

/** The curve of one policy. */
export function curveOf(
  session: Session,
  seeds: readonly Answered[],
  ns = powersOfTwo(session.preset.bestOf),
): BestOfNPoint[] {
  const { answers, questions } = poolSeeds(seeds);
  return bestOfN(answers, questions, ns, new Rng(session.seed).fork("best of N"));
}

/** Gap between the policies at each N, of all seeds and of each. */
export function gapsOf(session: Session, { base, maskDpo, runs }: BestOfAnswers): (ArmDifference & { n: number })[] {
  const ns = powersOfTwo(session.preset.bestOf);
  const rng = new Rng(session.seed).fork("best of N gap");
  const gap = (after: Answered, before: Answered, resamples?: number) =>
    compareBestOfN(after.answers, before.answers, before.questions, ns, rng, { resamples });
  const single = maskDpo.map((after, i) => gap(after, base[i]!, 1));
  return gap(poolSeeds(maskDpo), poolSeeds(base)).map((difference, i) => ({
    n: difference.n,
    ...scaled(difference),
    topics: topicsIn(base),
    runs,
    perSeed: single.map((gaps) => 100 * gaps[i]!.value),
  }));
}

/** Points by which the gap changes when N doubles. */
export function slopeOf(session: Session, { base, maskDpo, runs }: BestOfAnswers): ArmDifference {
  const ns = powersOfTwo(session.preset.bestOf);
  const rng = new Rng(session.seed).fork("best of N slope");
  const slope = (after: Answered, before: Answered, resamples?: number) =>
    gapSlope(after.answers, before.answers, before.questions, ns, rng, { resamples });
  return {
    ...scaled(slope(poolSeeds(maskDpo), poolSeeds(base))),
    topics: topicsIn(base),
    runs,
    perSeed: maskDpo.map((after, i) => 100 * slope(after, base[i]!, 1).value),
  };
}

/** Percent of the base's remaining error that alignment removes, at each N. */
export function reductionOf(session: Session, { base, maskDpo }: BestOfAnswers): (Interval & { n: number })[] {
  const [before, after] = [poolSeeds(base), poolSeeds(maskDpo)];
  return errorReduction(
    after.answers,
    before.answers,
    before.questions,
    powersOfTwo(session.preset.bestOf),
    new Rng(session.seed).fork("error reduction"),
  ).map((point) => ({ n: point.n, ...percent(point) }));
}

/** The curve where a verifier that errs chooses; scores are the true ones. */
export function noisyCurve(session: Session, seeds: readonly Answered[], error: number): BestOfNPoint[] {
  const { answers, questions } = poolSeeds(seeds);
  const rng = new Rng(session.seed).fork(`verifier ${error}`);
  return bestOfN(answers, questions, powersOfTwo(session.preset.bestOf), rng.fork("interval"), {
    rankBy: (answer) => noisyScore(answer, error, rng),
  });
}

/** The paper's scores by N. */
export function printedPoints(policy: "base" | "maskDpo"): Record<number, number> {
  return Object.fromEntries(table6.n.map((n, i) => [n, table6[policy][i]!]));
}

/** Corollary 2: alignment still helps when the best of many answers is taken, and the gap does not close. */
export function table6Claims(gaps: readonly (ArmDifference & { n: number })[], slope: ArmDifference): Claim[] {
  const before = printedPoints("base");
  const after = printedPoints("maskDpo");
  const printed = ({ n }: { n: number }): number | null =>
    before[n] === undefined || after[n] === undefined ? null : printedGain(before[n], after[n]);
  const [first, last] = [gaps[0]!, gaps.at(-1)!];
  return [
    { text: "Mask-DPO > base at best of 1", source: "Table 6", printed: printed(first), here: first },
    { text: `Mask-DPO > base at best of ${last.n}`, source: "Table 6", printed: printed(last), here: last },
    {
      text: "the gap does not close: its change when N doubles",
      source: "§4.3, Corollary 2",
      printed: printedSlope(),
      here: slope,
    },
  ];
}

/** Mask-DPO minus base at each N, paired, and in the paper. */
export function gapCurves(gaps: readonly (ArmDifference & { n: number })[]): Curve[] {
  return [
    differenceCurve(
      "Mask-DPO - base",
      palette.maskDpo,
      gaps.map((difference) => ({ x: difference.n, difference })),
    ),
    {
      label: "paper: Mask-DPO - base",
      style: palette.printed,
      x: table6.n,
      y: table6.n.map((_, i) => printedGain(table6.base[i]!, table6.maskDpo[i]!)),
    },
  ];
}

/** Of the paper's gaps, as ours is computed, with two decimals. */
function printedSlope(): number {
  const slope = slopeWeights(table6.n).reduce((sum, w, i) => sum + w * (table6.maskDpo[i]! - table6.base[i]!), 0);
  return Number(slope.toFixed(2));
}

/** Of all seeds. */
function topicsIn(seeds: readonly Answered[]): number {
  return new Set(seeds.flatMap(({ questions }) => questions.map(({ topic }) => topic))).size;
}

function scaled({ a, b, p, ...interval }: Difference): Difference {
  return { ...percent(interval), a: 100 * a, b: 100 * b, p };
}
