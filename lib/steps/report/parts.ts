/**
 * The parts of a report: scores, answers side by side, best of N, pairs and masks, training, and what it was made from.
 */
import { existsSync } from "node:fs";
import { trainingCurves } from "../../align/charts";
import { Rng } from "../../base/rng";
import { bestOfN, powersOfTwo } from "../../evaluation/bestOfN";
import { bestOfCurves } from "../../evaluation/charts";
import { bestOfTable } from "../../evaluation/tables";
import { readConfig } from "../../model/configFile";
import { keptShares, mixingOf } from "../../preference/mixing";
import type { PreferencePair } from "../../preference/pair";
import { mixingTable } from "../../preference/tables";
import { tokenizeFor } from "../../preference/tokenizeFor";
import type { AnsweredQuestion } from "../../show/document";
import type { SeriesStyle } from "../../show/palette";
import { loadTokenizer } from "../../text/tokenizer";
import type { PolicyAnswers } from "./answers";
import type { ReportInputs } from "./inputs";
import type { Part } from "./part";
import { scoresPart, type Scores } from "./scores";
import { sideBySide } from "./sideBySide";
import { styles } from "./styles";
import { inputsTable, trainingTable } from "./tables";
import type { Training } from "./training";

export function partsOf(inputs: ReportInputs, scores: Scores, seed: number): Part[] {
  const { answers, sampled, pairs, trained, files } = inputs;
  const shown = sideBySide(inputs, seed);
  return [
    scoresPart(inputs, scores),
    ...(shown.length > 0 ? [answersPart(answers, shown)] : []),
    ...(sampled.length > 0 ? [bestOfPart(inputs, seed)] : []),
    ...(pairs ? [pairsPart(pairs, trained, files.find(({ what }) => what === "pairs")!.file)] : []),
    ...(trained.length > 0 ? [trainingPart(trained, answers)] : []),
    { id: "inputs", title: "Inputs", tables: [inputsTable(inputs)], from: files.map(({ file }) => file) },
  ];
}

function answersPart(policies: readonly PolicyAnswers[], answers: AnsweredQuestion[]): Part {
  const from = policies.map(({ file }) => file);
  return { id: "answers", title: "Answers before and after", tables: [], answers, from };
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
