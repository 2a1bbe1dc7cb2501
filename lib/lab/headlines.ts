/** The numbers and series the notebooks show, computed from annotated answers. */
import { Rng } from "../base/rng";
import type { Interval } from "../base/stats";
import { bestOfN, compareBestOfN, type BestOfNPoint } from "../evaluation/bestOfN";
import type { Difference } from "../evaluation/compare";
import type { AnnotatedCandidate, Question } from "../factuality/records";
import { factualityScore } from "../factuality/score";
import type { Evaluation, Preferences } from "./experiment";
import type { FrameRow } from "./frame";
import type { HeadlineNumber } from "./numbers";
import { palette, type SeriesStyle } from "./palette";
import { table1, table1Biography, table6 } from "./paper";
import { relationAccuracy, type RelationAccuracy } from "./relationAccuracy";
import { percent } from "./results";
import type { Session } from "./session";

/** The policies of notebook 02. */
export type Aligned = "base" | "maskDpo";

/** Candidates as rows for exploration: kind of question, score, number of sentences, characters. */
export function scoreRows(candidates: readonly AnnotatedCandidate[]): FrameRow[] {
  return candidates.map(({ questionId, sentences, completion }) => ({
    kind: questionId.slice(questionId.lastIndexOf(":") + 1), score: factualityScore(sentences) ?? 0, sentences: sentences.length, characters: completion.length,
  }));
}

/** Mean score of the best of all K candidates, percent. */
export function bestOfCandidates({ candidates, questions }: Preferences, { preset, seed }: Session): Interval {
  return percent(bestOfN(candidates, questions, [preset.candidates], new Rng(seed).fork("best of candidates"))[0]!.macroScore);
}

/** Accuracy by relation of one policy's answers. */
export function relationsOf<Name extends string>({ atlas, seed }: Session, { questions, answers }: Evaluation<Name>, policy: Name): RelationAccuracy[] {
  return relationAccuracy(atlas, questions, answers[policy], new Rng(seed).fork("relations"));
}

/** One bar series per policy over the evaluations. */
export function scoreSeries(evaluations: readonly Evaluation<Aligned>[]): { label: string; style: SeriesStyle; scores: Interval[] }[] {
  const labels: Record<Aligned, string> = { base: "base", maskDpo: "Mask-DPO" };
  return (Object.keys(labels) as Aligned[]).map((name) => ({ label: labels[name], style: palette[name], scores: evaluations.map(({ summaries }) => summaries[name].score) }));
}

/** Headline numbers of notebook 02. */
export function alignmentNumbers(greedy: Evaluation<Aligned>, sampled: Evaluation<Aligned>, ood: Evaluation<Aligned>): HeadlineNumber[] {
  const gain = (after: number, before: number) => Number((after - before).toFixed(2)); // two decimals, as the tables print them
  const score = (what: string, from: Evaluation<Aligned>, name: Aligned, paper: number | null): HeadlineNumber => ({ what, unit: "%", paper, here: percent(from.summaries[name].score) });
  const difference = (what: string, from: Evaluation<Aligned>, paper: number | null): HeadlineNumber => ({ what, unit: "points", paper, here: percent(from.compare("maskDpo", "base").score) });
  return [
    score("base, test, greedy (Table 1)", greedy, "base", table1.base.score),
    score("Mask-DPO, test, greedy (Table 1)", greedy, "maskDpo", table1.maskDpo.score),
    difference("Mask-DPO - base, test, greedy", greedy, gain(table1.maskDpo.score, table1.base.score)),
    score("base, test, sampled (Table 6)", sampled, "base", table6.base[0]),
    score("Mask-DPO, test, sampled (Table 6)", sampled, "maskDpo", table6.maskDpo[0]),
    difference("Mask-DPO - base, test, sampled", sampled, gain(table6.maskDpo[0], table6.base[0])),
    difference("Mask-DPO - base, out of domain", ood, gain(table1Biography.maskDpo, table1Biography.base)),
  ];
}

interface Answered { questions: Question[]; answers: AnnotatedCandidate[] }

/** N = 1, 2, 4, … up to the preset's largest. */
function ns({ preset }: Session): number[] {
  return powersOfTwo(preset.bestOf);
}

/** 1, 2, 4, … not above `most`. */
export function powersOfTwo(most: number): number[] {
  return Array.from({ length: Math.floor(Math.log2(most)) + 1 }, (_, i) => 2 ** i);
}

/** Best-of-N curve of one policy. */
export function measureBestOf(session: Session, { questions, answers }: Answered): BestOfNPoint[] {
  return bestOfN(answers, questions, ns(session), new Rng(session.seed).fork("best of N"));
}

/** Gap between two policies at each N. */
export function compareBestOf(session: Session, after: Answered, before: Answered): (Difference & { n: number })[] {
  return compareBestOfN(after.answers, before.answers, before.questions, ns(session), new Rng(session.seed).fork("best of N gap"));
}

/** The paper's Table 6 by N. */
export function paperPoints(policy: "base" | "maskDpo"): Record<number, number> {
  return Object.fromEntries(table6.n.map((n, i) => [n, table6[policy][i]!]));
}

/** Headline numbers of notebook 06: both ends of the curves and of the gap. */
export function bestOfNumbers(base: readonly BestOfNPoint[], maskDpo: readonly BestOfNPoint[], gaps: readonly (Difference & { n: number })[]): HeadlineNumber[] {
  const last = gaps.length - 1;
  const at = (policy: "base" | "maskDpo", points: readonly BestOfNPoint[], i: number): HeadlineNumber => ({
    what: `${policy === "base" ? "base" : "Mask-DPO"}, best of ${points[i]!.n} (Table 6)`, unit: "%", paper: paperPoints(policy)[points[i]!.n] ?? null, here: percent(points[i]!.macroScore),
  });
  const gap = (i: number): HeadlineNumber => {
    const { n } = gaps[i]!, [before, after] = [paperPoints("base")[n], paperPoints("maskDpo")[n]];
    return { what: `gap Mask-DPO - base at best of ${n}`, unit: "points", paper: before !== undefined && after !== undefined ? Number((after - before).toFixed(2)) : null, here: percent(gaps[i]!) };
  };
  return [at("base", base, 0), at("base", base, last), at("maskDpo", maskDpo, 0), at("maskDpo", maskDpo, last), gap(0), gap(last)];
}
