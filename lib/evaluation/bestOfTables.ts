/** Best of N as tables and curves (notebook 06). */
import type { Traced } from "../show/provenance";
import { percent } from "../base/percent";
import type { Interval } from "../base/stats";
import type { BestOfNPoint } from "./bestOfN";
import type { ArmDifference } from "./arm";
import type { Curve, Panel } from "../show/figure/curves";
import type { SeriesStyle } from "../show/palette";
import type { Table } from "../show/table";

/** Gap between the curves at each N, and the share of the base's error that alignment removes. */
export function gapTable(
  gaps: readonly (ArmDifference & { n: number })[],
  reduction: readonly (Interval & { n: number })[],
): Table {
  return {
    name: "06-gap",
    caption: "Best of N: Mask-DPO minus base, paired over topics",
    columns: [
      { key: "n", label: "N" },
      { key: "gap", label: "Gap (points) [95 %]" },
      { key: "p", label: "p (permutation)", digits: 4 },
      { key: "seeds", label: "Seeds" },
      { key: "reduction", label: "Of the base's error removed (%) [95 %]" },
    ],
    rows: gaps.map(({ n, value, low, high, p, perSeed }, i) => ({
      n,
      gap: { value, low, high },
      p,
      seeds: perSeed.map((v) => v.toFixed(1)).join(", "),
      runs: gaps[i]!.runs.join(" "),
      reduction: { value: reduction[i]!.value, low: reduction[i]!.low, high: reduction[i]!.high },
    })),
  };
}

/** A best-of-N curve in percent. */
export function bestOfCurve(label: string, style: SeriesStyle, points: readonly BestOfNPoint[]): Curve {
  const values = points.map(({ macroScore }) => percent(macroScore));
  return {
    label,
    style,
    x: points.map(({ n }) => n),
    y: values.map(({ value }) => value),
    low: values.map(({ low }) => low),
    high: values.map(({ high }) => high),
  };
}

/** One curve pair, base and Mask-DPO, for some setting. */
export interface CurvePair extends Traced {
  label: string;
  base: readonly BestOfNPoint[];
  maskDpo: readonly BestOfNPoint[];
}

/** Small multiples, a panel a setting, all with the same y axis. */
export function pairPanels(pairs: readonly CurvePair[], styles: { base: SeriesStyle; maskDpo: SeriesStyle }): Panel[] {
  const panels = pairs.map(({ label, base, maskDpo, runs }) => ({
    title: label,
    curves: [
      { ...bestOfCurve("base", styles.base, base), runs },
      { ...bestOfCurve("Mask-DPO", styles.maskDpo, maskDpo), runs },
    ],
  }));
  const ends = panels.flatMap(({ curves }) => curves.flatMap(({ low, high }) => [...(low ?? []), ...(high ?? [])]));
  const yRange = [Math.min(...ends) - 1, Math.max(...ends) + 1] as const;
  return panels.map((panel) => ({ ...panel, yRange }));
}

/** Scores of settings at each N, base and Mask-DPO side by side. */
export function gridTable(name: string, caption: string, setting: string, pairs: readonly CurvePair[]): Table {
  const ns = pairs[0]!.base.map(({ n }) => n).filter((_, i, all) => i % 2 === 0 || i === all.length - 1);
  const at = (points: readonly BestOfNPoint[], n: number) => percent(points.find((point) => point.n === n)!.macroScore);
  return {
    name,
    caption,
    columns: [
      { key: "setting", label: setting },
      { key: "policy", label: "Policy" },
      ...ns.map((n) => ({ key: `n${n}`, label: `N = ${n}` })),
    ],
    rows: pairs.flatMap(({ label, base, maskDpo, runs }) =>
      (
        [
          ["base", base],
          ["Mask-DPO", maskDpo],
        ] as const
      ).map(([policy, points]) => ({
        setting: label,
        policy,
        runs: runs.join(" "),
        ...Object.fromEntries(ns.map((n) => [`n${n}`, at(points, n)])),
      })),
    ),
  };
}
