/** Table 3: who writes the candidates: the policy itself, another policy, or the policy with a document for chosen. */
import { Rng } from "../base/rng";
import type { Arm } from "../evaluation/arm";
import { armFigure } from "../evaluation/armFigure";
import type { ArmRow } from "../evaluation/armTables";
import { measured, type Claim, type Comparison } from "../evaluation/claims";
import { evaluations, type ShownEvaluation } from "../lab/evaluate";
import { pairsOf, pairsRun, type PairSource } from "../lab/pairSource";
import { armOf, type AlignedArm } from "../lab/runArms";
import type { Session } from "../lab/session";
import { everything, experimentOf, type ArmSpec, type Study } from "../lab/study";
import { mixingOf } from "../preference/mixing";
import type { Figure } from "../show/figure/figure";
import { palette } from "../show/palette";
import type { Table } from "../show/table";
import { printedGain, table1, table3 } from "./printed";
import { maskArms } from "./table2";

/** Arms beside Mask-DPO on the policy's own samples. */
export function samplingArms({ preset }: Session): Record<"other" | "document", ArmSpec> {
  const arm = (label: string, pairs: Partial<PairSource>): ArmSpec => ({
    label,
    setting: { pairs },
    seeds: preset.seeds,
    evaluations: everything,
  });
  return { other: arm("other policy", { author: "other" }), document: arm("policy + document", { document: true }) };
}

/** What Table 3 runs. */
export const study: Study = {
  notebook: "03",
  arms: (session) => [maskArms(session).paper, ...Object.values(samplingArms(session))],
};

/** Sides of the pairs of the first seed, by who wrote them. */
export async function pairQualityTable(session: Session): Promise<Table> {
  const sources: Record<string, Partial<PairSource>> = {
    policy: {},
    "other policy": { author: "other" },
    "policy + document": { document: true },
  };
  const rows = [];
  for (const [label, pairs] of Object.entries(sources)) {
    const source = experimentOf(session, session.seed, { pairs }).pairs;
    const { sentences, scores, pairs: count } = mixingOf(await pairsOf(session, source));
    rows.push({
      label,
      pairs: count,
      chosen: 100 * scores.chosen,
      rejected: 100 * scores.rejected,
      wrong: 100 * sentences.wrongInChosen,
      right: 100 * sentences.rightInRejected,
      runs: pairsRun(session, source),
    });
  }
  return {
    name: "03-pairs",
    caption: "Pairs by who wrote the candidates (first seed)",
    columns: [
      { key: "label", label: "Candidates from" },
      { key: "pairs", label: "Pairs", digits: 0 },
      { key: "chosen", label: "Score of chosen (%)" },
      { key: "rejected", label: "Score of rejected (%)" },
      { key: "wrong", label: "Wrong in chosen (%)" },
      { key: "right", label: "Right in rejected (%)" },
    ],
    rows,
  };
}

/** Rows of Table 3, the base first. @param maskDpo on the policy's own samples, with as many seeds as the others */
export function table3Rows(
  base: Arm,
  maskDpo: Arm,
  sampling: Record<"other" | "document", AlignedArm>,
  evaluation: ShownEvaluation,
): ArmRow[] {
  const row = (arm: Arm, { score, facts }: { score: number; facts: number }): ArmRow => ({
    arm,
    printed: score,
    printedFacts: facts,
  });
  return [
    row(base, table1.base),
    row(armOf(sampling.other, evaluation), table3.other),
    row(armOf(sampling.document, evaluation), table3.document),
    row({ ...maskDpo, label: "policy" }, table3.policy),
  ];
}

/** What of Table 3 was evaluated in one way. */
export interface Table3Arms {
  base: Arm;
  maskDpo: Arm;
}

/**
 * Table 3 as a figure: scores, what alignment on each author's candidates brings over the base, and how far own samples
 * are ahead; the paper's numbers, which are greedy, beside ours.
 */
export function table3Figure(
  session: Session,
  greedy: Table3Arms,
  sampled: Table3Arms,
  sampling: Record<"other" | "document", AlignedArm>,
): Figure {
  const rows = {
    greedy: table3Rows(greedy.base, greedy.maskDpo, sampling, "test greedy"),
    sampled: table3Rows(sampled.base, sampled.maskDpo, sampling, "test sampled"),
  };
  const armsOf = (list: readonly ArmRow[]) =>
    list.map(({ arm }, i) => (i === 0 ? arm : { ...arm, label: `candidates: ${arm.label}` }));
  const [base, own] = [0, rows.greedy.length - 1];
  return armFigure(session, {
    name: "03-table3",
    title: "Who writes the candidates? (Table 3)",
    series: [
      {
        label: "greedy",
        style: palette.maskDpo,
        arms: armsOf(rows.greedy),
        printed: rows.greedy.map((r) => r.printed),
      },
      { label: "sampled", style: palette.dpo, arms: armsOf(rows.sampled) },
    ],
    contrasts: [
      { title: "Minus base (points)", pair: (row) => (row === base ? null : [row, base]) },
      { title: "Own minus it (points)", pair: (row) => (row === own ? null : [own, row]) },
    ],
  });
}

/** §3.3: the policy's own samples teach most; with a document for chosen only, alignment even harms. */
export function table3Claims(
  { seed }: Session,
  evaluation: ShownEvaluation,
  base: Arm,
  maskDpo: Arm,
  sampling: Record<"other" | "document", AlignedArm>,
): Claim[] {
  const [other, document] = [armOf(sampling.other, evaluation), armOf(sampling.document, evaluation)];
  const comparisons: Omit<Comparison, "source">[] = [
    {
      text: "own samples > another policy's",
      printed: printedGain(table3.other.score, table3.policy.score),
      higher: maskDpo,
      lower: other,
    },
    {
      text: "another policy's samples > base",
      printed: printedGain(table1.base.score, table3.other.score),
      higher: other,
      lower: base,
    },
    {
      text: "own samples > samples with a document for chosen",
      printed: printedGain(table3.document.score, table3.policy.score),
      higher: maskDpo,
      lower: document,
    },
    {
      text: "base > samples with a document for chosen",
      printed: printedGain(table3.document.score, table1.base.score),
      higher: base,
      lower: document,
    },
  ];
  const rng = new Rng(seed);
  const { decoding } = evaluations[evaluation];
  return comparisons.map(({ text, ...comparison }) =>
    measured({ ...comparison, text: `${text}, ${decoding}`, source: "Table 3" }, rng.fork(text).fork(evaluation)),
  );
}
