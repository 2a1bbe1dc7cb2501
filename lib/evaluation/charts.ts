/** Results as figures. */
import { runsOf, type Traced } from "../show/provenance";
import { percent } from "../base/percent";
import type { Rng } from "../base/rng";
import type { Interval } from "../base/stats";
import type { Figure } from "../show/figure/figure";
import { type Arm, scoreOf } from "./arm";
import type { BestOfNPoint } from "./bestOfN";
import type { AnnotatedCandidate } from "../factuality/records";
import { factualityScore } from "../factuality/score";
import type { PreferencePair } from "../preference/pair";
import { bestOfCurve } from "./bestOfTables";
import { histogramFigure } from "../show/figure/bars";
import { curveFigure, type Curve } from "../show/figure/curves";
import { rowFigure } from "../show/figure/rows";
import { palette, type SeriesStyle } from "../show/palette";
import { relationLabels } from "../world/relationLabels";
import type { RelationName } from "../world/relation";
import type { RelationAccuracy } from "./relationAccuracy";

/** Scores of all candidates, of the chosen and of the rejected ones. */
export function candidateScores(candidates: readonly AnnotatedCandidate[], pairs: readonly PreferencePair[]): Figure {
  const all = candidates.flatMap(({ sentences }) => factualityScore(sentences) ?? []);
  const scaled = (values: number[]) => values.map((v) => 100 * v);
  return histogramFigure({
    name: "01-candidate-scores",
    title: "Factuality of candidates and pairs",
    xTitle: "Score: share of sentences without hallucination (%)",
    range: [0, 100],
    bins: 10,
    series: [
      { label: "all candidates", style: palette.base, values: scaled(all) },
      { label: "chosen", style: palette.chosen, values: scaled(pairs.map(({ scores }) => scores.chosen)) },
      { label: "rejected", style: palette.rejected, values: scaled(pairs.map(({ scores }) => scores.rejected)) },
    ],
  });
}

/** Fewer statements than this say nothing about a relation. */
const fewestStatements = 10;

/** Share of right statements per relation before and after, and the paired difference. */
export function relationFigure(
  before: readonly RelationAccuracy[],
  after: readonly RelationAccuracy[],
  differences: ReadonlyMap<RelationName, Interval>,
): Figure {
  const enough = ({ statements }: RelationAccuracy) => statements >= fewestStatements;
  const afterOf = new Map(after.filter(enough).map((row) => [row.relation, row]));
  const shown = before
    .filter(enough)
    .filter(({ relation }) => afterOf.has(relation))
    .sort((a, b) => b.accuracy.value - a.accuracy.value);
  const count = (rows: readonly RelationAccuracy[]) => rows.reduce((sum, { statements }) => sum + statements, 0);
  const accuracies = shown.map(({ relation, accuracy }) => [accuracy, afterOf.get(relation)!.accuracy] as const);
  return rowFigure({
    name: "02-relations",
    title: "Accuracy by relation (test, sampled)",
    note:
      `${count(before)} statements before and ${count(after)} after, relations with ${fewestStatements} of each; ` +
      "95 % intervals over topics, differences paired.",
    rows: shown.map(({ relation }) => relationLabels[relation]),
    panels: [
      {
        title: "Right statements (%)",
        zero: false,
        series: [
          { label: "base", style: palette.base, values: accuracies.map(([own]) => percent(own)) },
          { label: "Mask-DPO", style: palette.maskDpo, values: accuracies.map(([, own]) => percent(own)) },
        ],
      },
      {
        title: "Mask-DPO minus base (points)",
        zero: true,
        series: [
          {
            label: "difference",
            style: palette.chosen,
            values: shown.map(({ relation }) => {
              const difference = differences.get(relation);
              return difference ? percent(difference) : null;
            }),
          },
        ],
      },
    ],
  });
}

export interface BestOfSeries {
  label: string;
  style: SeriesStyle;
  points: readonly BestOfNPoint[];
}

/** Best-of-N scores in percent as the paper prints them. */
export interface PrintedSeries {
  label: string;
  style: SeriesStyle;
  n: readonly number[];
  scores: readonly number[];
}

/** Best-of-N curves with intervals; the paper's points beside them. */
export function bestOfCurves(
  policies: readonly BestOfSeries[],
  printed: readonly PrintedSeries[],
  title = "Best of N before and after alignment (test topics)",
): Figure {
  const theirs = printed.map(({ label, style, n, scores }): Curve => ({
    label,
    style: { ...style, dash: palette.printed.dash, symbol: palette.printed.symbol },
    x: n,
    y: scores,
  }));
  const ours = policies.map(({ label, style, points }) => bestOfCurve(label, style, points));
  return curveFigure({
    name: "06-best-of-n",
    title,
    xTitle: "N",
    yTitle: "Score of the best answer (%)",
    log2: true,
    curves: [...ours, ...theirs],
    width: 680,
    height: 440,
  });
}

/** Scores of arms against x, with intervals. */
export function scoreCurve(
  label: string,
  style: SeriesStyle,
  points: readonly { x: number; arm: Arm }[],
  rng: Rng,
): Curve {
  const scores = points.map(({ arm }, i) => scoreOf(arm, "score", rng.fork(i)));
  return {
    label,
    style,
    x: points.map(({ x }) => x),
    y: scores.map(({ value }) => value),
    low: scores.map(({ low }) => low),
    high: scores.map(({ high }) => high),
    runs: runsOf(...points.map(({ arm }) => arm)),
  };
}

/** Differences against x, with their intervals. */
export function differenceCurve(
  label: string,
  style: SeriesStyle,
  points: readonly { x: number; difference: Interval & Partial<Traced> }[],
): Curve {
  const of = (key: "value" | "low" | "high"): number[] => points.map(({ difference }) => difference[key]);
  return {
    label,
    style,
    x: points.map(({ x }) => x),
    y: of("value"),
    low: of("low"),
    high: of("high"),
    runs: runsOf(...points.map(({ difference }) => difference)),
  };
}
