/** Results as figures. */
import type { StepLog } from "../align/train";
import type { Interval } from "../base/stats";
import type { BestOfNPoint } from "./bestOfN";
import type { AnnotatedCandidate } from "../factuality/records";
import { factualityScore } from "../factuality/score";
import type { PreferencePair } from "../preference/pair";
import { bestOfCurve } from "./bestOfTables";
import { barFigure, dumbbellFigure, histogramFigure } from "../show/figure/bars";
import { curveFigure, panelsFigure, type Curve } from "../show/figure/curves";
import type { Figure } from "../show/figure/saveFigure";
import { palette, type SeriesStyle } from "../show/palette";
import type { RelationAccuracy } from "./relationAccuracy";
import { percent } from "./arm";

/** Scores of all candidates, of the chosen and of the rejected ones. */
export function candidateScores(candidates: readonly AnnotatedCandidate[], pairs: readonly PreferencePair[]): Figure {
  const all = candidates.flatMap(({ sentences }) => factualityScore(sentences) ?? []);
  const scaled = (values: number[]) => values.map((v) => 100 * v);
  return histogramFigure({
    name: "01-candidate-scores", title: "Factuality of candidates and pairs", xTitle: "Score: share of sentences without hallucination (%)", range: [0, 100], bins: 10,
    series: [
      { label: "all candidates", style: palette.base, values: scaled(all) },
      { label: "chosen", style: palette.chosen, values: scaled(pairs.map(({ scores }) => scores.chosen)) },
      { label: "rejected", style: palette.rejected, values: scaled(pairs.map(({ scores }) => scores.rejected)) },
    ],
  });
}

type CurveKey = "loss" | "accuracy" | "margin" | "chosenReward" | "rejectedReward" | "gradNorm";

/** Loss, accuracy, margin, rewards and gradient norm against the step, one curve per run. */
export function trainingCurves(runs: readonly { label: string; style: SeriesStyle; logs: readonly Pick<StepLog, "step" | CurveKey>[] }[], title = "Mask-DPO training"): Figure {
  const curves = (key: CurveKey): Curve[] => runs.map(({ label, style, logs }) => ({ label, style, x: logs.map(({ step }) => step), y: logs.map((log) => log[key]) }));
  const panels = ([["Loss", "loss"], ["Reward accuracy", "accuracy"], ["Reward margin", "margin"], ["Chosen reward", "chosenReward"], ["Rejected reward", "rejectedReward"], ["Gradient norm", "gradNorm"]] as const)
    .map(([title, key]) => ({ title, curves: curves(key) }));
  return panelsFigure({ name: "02-training", title, xTitle: "Step", panels, columns: 3, width: 960 });
}

/** Scores of policies (percent) by question set and decoding, with intervals. */
export function scoreBars(categories: readonly string[], series: readonly { label: string; style: SeriesStyle; scores: readonly (Interval | null)[] }[]): Figure {
  return barFigure({ name: "02-scores", title: "Factuality before and after alignment", categories, valueTitle: "Score (%)", range: [0, 100], width: 720, series: series.map(({ label, style, scores }) => ({ label, style, values: scores })) });
}

/** Fewer statements than this say nothing about a relation. */
const fewestStatements = 10;

/** Share of right statements per relation, before and after. */
export function relationFigure(before: readonly RelationAccuracy[], after: readonly RelationAccuracy[]): Figure {
  const enough = ({ statements }: RelationAccuracy) => statements >= fewestStatements;
  const afterOf = new Map(after.filter(enough).map((row) => [row.relation, row]));
  const shown = before.filter(enough).filter(({ relation }) => afterOf.has(relation)).sort((a, b) => b.accuracy.value - a.accuracy.value);
  return dumbbellFigure({
    name: "02-relations", title: "Accuracy by relation (test, sampled)", categories: shown.map(({ relation }) => relation), valueTitle: "Right statements (%)", range: [0, 100],
    series: [
      { label: "base", style: palette.base, values: shown.map(({ accuracy }) => percent(accuracy)) },
      { label: "Mask-DPO", style: palette.maskDpo, values: shown.map(({ relation }) => percent(afterOf.get(relation)!.accuracy)) },
    ],
  });
}

/** Best-of-N curves with intervals; the paper's points beside them. */
export function bestOfCurves(policies: readonly { label: string; style: SeriesStyle; points: readonly BestOfNPoint[] }[], paper: readonly { label: string; style: SeriesStyle; n: readonly number[]; scores: readonly number[] }[], title = "Best of N before and after alignment (test topics)"): Figure {
  const theirs = paper.map(({ label, style, n, scores }): Curve => ({ label, style: { ...style, dash: palette.paper.dash, symbol: palette.paper.symbol }, x: n, y: scores }));
  const ours = policies.map(({ label, style, points }) => bestOfCurve(label, style, points));
  return curveFigure({ name: "06-best-of-n", title, xTitle: "N", yTitle: "Score of the best answer (%)", log2: true, curves: [...ours, ...theirs], width: 680, height: 440 });
}
