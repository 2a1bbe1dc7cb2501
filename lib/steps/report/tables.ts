/** Tables of a report that no other part of the project has. */
import { optionRows } from "../../align/trainOptions";
import { percent } from "../../base/percent";
import type { Comparison } from "../../evaluation/compare";
import type { Cell, Table } from "../../show/table";
import type { ReportInputs } from "./inputs";
import type { Training } from "./training";

export function differencesTable(first: string, rows: readonly { label: string; comparison: Comparison }[]): Table {
  return {
    name: "differences",
    caption: `Every policy minus ${first}, paired over topics: all sentences pooled, and the mean over answers`,
    columns: [
      { key: "label", label: "Policy" },
      { key: "score", label: "Score (points) [95 %]" },
      { key: "p", label: "p", digits: 4 },
      { key: "macroScore", label: "Mean score of an answer (points) [95 %]" },
      { key: "macroP", label: "p", digits: 4 },
    ],
    rows: rows.map(({ label, comparison: { score, macroScore } }) => ({
      label,
      score: percent(score),
      p: score.p,
      macroScore: percent(macroScore),
      macroP: macroScore.p,
    })),
  };
}

export function trainingTable(trained: readonly Training[]): Table {
  const row = (what: string, value: (training: Training) => string | number | undefined) => ({
    what,
    ...Object.fromEntries(
      trained.map((training, i): [string, Cell] => {
        const cell = value(training);
        return [`p${i}`, cell === undefined ? null : String(cell)];
      }),
    ),
  });
  const options = trained.map(({ run }) => (run ? optionRows(run.options) : []));
  const labels = [...new Set(options.flat().map(({ label }) => label))];
  const optionOf = (training: Training, label: string) =>
    options[trained.indexOf(training)]!.find((option) => option.label === label)?.value;
  const last = (what: string, key: "loss" | "accuracy" | "margin") =>
    row(what, ({ logs }) => logs.at(-1)![key].toFixed(4));
  return {
    name: "training",
    caption: "Training: settings, and the last step",
    columns: [
      { key: "what", label: "Quantity" },
      ...trained.map(({ name }, i) => ({ key: `p${i}`, label: name, align: "right" as const })),
    ],
    rows: [
      row("trained from (hash of the policy)", ({ run }) => run?.reference.slice(0, 16)),
      row("mask", ({ run }) => run?.mask),
      row("adapter's rank", ({ run }) => run?.lora?.rank),
      row("seed", ({ run }) => run?.seed),
      row("engine", ({ run }) => run?.engine),
      ...labels.map((label) => row(label, (training) => optionOf(training, label))),
      row("steps", ({ logs }) => logs.at(-1)!.step),
      last("loss", "loss"),
      last("reward accuracy", "accuracy"),
      last("reward margin", "margin"),
    ],
  };
}

export function inputsTable({ files }: ReportInputs): Table {
  return {
    name: "inputs",
    caption:
      "Files this report was made from (hashes in full in report.json; those of training logs leave out their times)",
    columns: [
      { key: "what", label: "What" },
      { key: "file", label: "File" },
      { key: "rows", label: "Rows" },
      { key: "annotator", label: "Annotator, model" },
      { key: "sha256", label: "sha256" },
    ],
    rows: files.map(({ sha256, ...file }) => ({ ...file, sha256: sha256.slice(0, 16) })),
  };
}
