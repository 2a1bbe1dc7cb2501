/**
 * The parts of a report: tables and figures of scores, best of N, pairs and masks, training, and what it was made from.
 */
import { existsSync } from "node:fs";
import { trainingCurves } from "../../align/charts";
import { percent } from "../../base/percent";
import { Rng } from "../../base/rng";
import type { Interval } from "../../base/stats";
import { bestOfN, powersOfTwo } from "../../evaluation/bestOfN";
import { bestOfCurves } from "../../evaluation/charts";
import { comparePolicies } from "../../evaluation/compare";
import { summarise } from "../../evaluation/summary";
import { bestOfTable, type Evaluated, evaluationTable } from "../../evaluation/tables";
import { readConfig } from "../../model/configFile";
import { keptShares, mixingOf } from "../../preference/mixing";
import type { PreferencePair } from "../../preference/pair";
import { mixingTable } from "../../preference/tables";
import { tokenizeFor } from "../../preference/tokenizeFor";
import type { Section } from "../../show/document";
import type { Figure } from "../../show/figure/figure";
import { rowFigure, type RowSeries } from "../../show/figure/rows";
import { palette, type SeriesStyle } from "../../show/palette";
import type { Table } from "../../show/table";
import { loadTokenizer } from "../../text/tokenizer";
import type { PolicyAnswers } from "./answers";
import type { ReportInputs } from "./inputs";
import { differencesTable, inputsTable, trainingTable } from "./tables";
import type { Training } from "./training";

export const styles: readonly SeriesStyle[] = [
  palette.base,
  palette.maskDpo,
  palette.dpo,
  palette.inverted,
  palette.random,
  palette.chosen,
  palette.noFact,
];

export interface Part extends Omit<Section, "items"> {
  tables: Table[];
  figures?: Figure[];
  /** the files it is from */
  from: readonly string[];
}

export function partsOf(inputs: ReportInputs, seed: number): Part[] {
  const { answers, sampled, pairs, trained, files } = inputs;
  return [
    scoresPart(inputs, seed),
    ...(sampled.length > 0 ? [bestOfPart(inputs, seed)] : []),
    ...(pairs ? [pairsPart(pairs, trained, files.find(({ what }) => what === "pairs")!.file)] : []),
    ...(trained.length > 0 ? [trainingPart(trained, answers)] : []),
    { id: "inputs", title: "Inputs", tables: [inputsTable(inputs)], from: files.map(({ file }) => file) },
  ];
}

function scoresPart({ questions, answers, sampled }: ReportInputs, seed: number): Part {
  const sets = [
    { set: "answers", policies: answers },
    ...(sampled.length > 0 ? [{ set: "sampled answers", policies: sampled }] : []),
  ];
  const label = (name: string, set: string): string => (set === "answers" ? name : `${name} (sampled)`);
  const [first] = answers;
  const evaluated = sets.flatMap(({ set, policies }) =>
    policies.map(({ name, answers: rows }): Evaluated => ({
      label: label(name, set),
      summary: summarise(rows, questions, new Rng(seed).fork("evaluate")),
    })),
  );
  const scoreOf = (name: string, set: string) => evaluated.find((row) => row.label === label(name, set))?.summary.score;
  const differences = sets.flatMap(({ set, policies }) => {
    const base = policies.find(({ name }) => name === first!.name);
    return base
      ? policies
          .filter((policy) => policy !== base)
          .map(({ name, answers: rows }) => ({
            label: label(name, set),
            comparison: comparePolicies(
              rows,
              base.answers,
              questions,
              new Rng(seed).fork("compare").fork(set).fork(name),
            ),
          }))
      : [];
  });
  const marks = (of: (name: string, set: string) => Interval | null): RowSeries[] =>
    sets.map(({ set }, i) => ({
      label: set,
      style: [palette.maskDpo, palette.dpo][i]!,
      values: answers.map(({ name }) => of(name, set)),
    }));
  const scorePanel = {
    title: "Score (%)",
    zero: false,
    series: marks((name, set) => {
      const score = scoreOf(name, set);
      return score ? percent(score) : null;
    }),
  };
  const differencePanel = {
    title: `Minus ${first!.name} (points)`,
    zero: true,
    series: marks((name, set) => {
      const row = differences.find((difference) => difference.label === label(name, set));
      return row ? percent(row.comparison.score) : null;
    }),
  };
  return {
    id: "scores",
    title: "Factuality",
    from: [...answers, ...sampled].map(({ file }) => file),
    tables: [
      evaluationTable(evaluated, "scores", "Factuality of answers: sentences of each kind per answer, and their score"),
      ...(differences.length > 0 ? [differencesTable(first!.name, differences)] : []),
    ],
    figures: [
      rowFigure({
        name: "scores",
        title: "Factuality before and after alignment",
        note: `95 % intervals over ${new Set(questions.map(({ topic }) => topic)).size} topics, differences paired.`,
        rows: answers.map(({ name }) => name),
        panels: [scorePanel, ...(differences.length > 0 ? [differencePanel] : [])],
      }),
    ],
  };
}

function bestOfPart({ questions, answers, sampled }: ReportInputs, seed: number): Part {
  const policies = sampled.map(({ name, answers: rows, each }) => ({
    label: name,
    style: styleOf(name, answers),
    points: bestOfN(rows, questions, powersOfTwo(each), new Rng(seed).fork("best of N")),
  }));
  return {
    id: "best-of-n",
    title: "Best of N",
    from: sampled.map(({ file }) => file),
    tables: [{ ...bestOfTable(policies), name: "best-of-n" }],
    figures: [{ ...bestOfCurves(policies, [], "Best of N"), name: "best-of-n" }],
  };
}

function styleOf(name: string, answers: readonly PolicyAnswers[]): SeriesStyle {
  return styles[answers.findIndex((policy) => policy.name === name)]!;
}

function pairsPart(pairs: readonly PreferencePair[], trained: readonly Training[], file: string): Part {
  const masks = trained.flatMap(({ name, file: dir, run, config }) => {
    if (!run || !config || !existsSync(config)) return [];
    const { pairs: kept, report } = tokenizeFor(loadTokenizer(dir), readConfig(config), pairs, run.mask, run.seed);
    const { chosen, rejected } = keptShares(kept);
    return [
      {
        name,
        mask: run.mask,
        pairs: report.kept,
        emptied: report.emptied.length,
        tooLong: report.tooLong.length,
        chosen: 100 * chosen,
        rejected: 100 * rejected,
      },
    ];
  });
  return {
    id: "pairs",
    title: "Preference pairs and masks",
    from: [file, ...trained.map(({ file: dir }) => dir)],
    tables: [
      { ...mixingTable(mixingOf(pairs)), name: "pairs" },
      ...(masks.length > 0
        ? [
            {
              name: "masks",
              caption: "What the mask keeps of the completion tokens of the pairs trained on",
              columns: [
                { key: "name", label: "Policy" },
                { key: "mask", label: "Mask" },
                { key: "pairs", label: "Pairs trained on" },
                { key: "emptied", label: "Emptied by the mask" },
                { key: "tooLong", label: "Too long" },
                { key: "chosen", label: "Kept of chosen (%)", digits: 1 },
                { key: "rejected", label: "Kept of rejected (%)", digits: 1 },
              ],
              rows: masks,
            },
          ]
        : []),
    ],
  };
}

function trainingPart(trained: readonly Training[], answers: readonly PolicyAnswers[]): Part {
  const curves = trained.map(({ name, logs }) => ({ label: name, style: styleOf(name, answers), logs }));
  return {
    id: "training",
    title: "Training",
    from: trained.map(({ file }) => file),
    tables: [trainingTable(trained)],
    figures: [{ ...trainingCurves(curves, "Training"), name: "training" }],
  };
}
