/** Table 1: the bases, FactTune and Mask-DPO on test questions (greedy) and out of domain. */
import { Rng } from "../base/rng";
import type { Arm } from "../evaluation/arm";
import { armFigure } from "../evaluation/armFigure";
import type { ArmRow } from "../evaluation/armTables";
import { measured, type Claim, type Comparison } from "../evaluation/claims";
import type { ShownEvaluation } from "../lab/evaluate";
import { armOf, policyArm, type AlignedArm } from "../lab/runArms";
import type { Session } from "../lab/session";
import { everything, type ArmSpec, type Study } from "../lab/study";
import type { Figure } from "../show/figure/figure";
import { palette, type SeriesStyle } from "../show/palette";
import { printedGain, table1, table2, table6 } from "./printed";
import { maskArms } from "./table2";

/** The rows that no training makes. */
export type ShippedArms = Record<"base" | "other" | "large", Arm>;
type Masks = Record<"paper" | "none", AlignedArm>;

/** FactTune: plain DPO on pairs that another annotator chose. */
export function factTuneArm({ preset }: Session): ArmSpec {
  const setting = { mask: "none", pairs: { annotator: "facts" } } as const;
  return { label: "FactTune-style", setting, seeds: preset.seeds, evaluations: everything };
}

/** What Table 1 runs. */
export const study: Study = {
  notebook: "02",
  arms(session) {
    const { paper, none } = maskArms(session);
    return [paper, none, factTuneArm(session)];
  },
};

/** The policies that ship, answering as often as there are seeds. */
export async function shippedArms(session: Session, evaluation: ShownEvaluation): Promise<ShippedArms> {
  const seeds = session.preset.maskSeeds;
  return {
    base: await policyArm(session, "base", "base", evaluation, seeds),
    other: await policyArm(session, "other base", "other", evaluation, seeds),
    large: await policyArm(session, "larger base", "large", evaluation, seeds),
  };
}

/** Rows of Table 1 and vanilla DPO; the paper's numbers where the evaluation is one of its own. */
export function table1Rows(
  shipped: ShippedArms,
  factTune: AlignedArm,
  masks: Masks,
  evaluation: ShownEvaluation,
): ArmRow[] {
  const row = (arm: Arm, policy: keyof typeof table1): ArmRow => {
    const { score, facts, biography } = table1[policy];
    return evaluation === "ood sampled"
      ? { arm, printedFacts: biography }
      : { arm, printed: score, printedFacts: facts };
  };
  return [
    { arm: shipped.other },
    row(shipped.base, "base"),
    row(shipped.large, "large"),
    row(armOf(factTune, evaluation), "factTune"),
    { arm: armOf(masks.none, evaluation) },
    row(armOf(masks.paper, evaluation), "maskDpo"),
  ];
}

/** What Table 1 says. The paper has sampled answers in Table 6 only. */
export function table1Claims(
  { seed }: Session,
  shipped: Record<ShownEvaluation, Pick<ShippedArms, "base" | "large">>,
  masks: Pick<Masks, "paper">,
  factTune: AlignedArm,
): Claim[] {
  const { base, large } = shipped["test greedy"];
  const greedy = armOf(masks.paper, "test greedy");
  const comparisons: Comparison[] = [
    {
      text: "Mask-DPO > base, greedy",
      source: "Table 1",
      printed: printedGain(table1.base.score, table1.maskDpo.score),
      higher: greedy,
      lower: base,
    },
    {
      text: "Mask-DPO > base, greedy, by facts",
      source: "Table 1",
      printed: printedGain(table1.base.facts, table1.maskDpo.facts),
      higher: greedy,
      lower: base,
      score: "factScore",
    },
    {
      text: "Mask-DPO > base, sampled",
      source: "Table 6, best of 1",
      printed: printedGain(table6.base[0], table6.maskDpo[0]),
      higher: armOf(masks.paper, "test sampled"),
      lower: shipped["test sampled"].base,
    },
    {
      text: "Mask-DPO > base, out of domain, by facts",
      source: "Table 1",
      printed: printedGain(table1.base.biography, table1.maskDpo.biography),
      higher: armOf(masks.paper, "ood sampled"),
      lower: shipped["ood sampled"].base,
      score: "factScore",
    },
    {
      text: "larger base > base, greedy",
      source: "Table 1",
      printed: printedGain(table1.base.score, table1.large.score),
      higher: large,
      lower: base,
    },
    {
      text: "Mask-DPO > FactTune-style, greedy",
      source: "Table 1",
      printed: printedGain(table1.factTune.score, table1.maskDpo.score),
      higher: armOf(masks.paper, "test greedy", factTune.results.length), // FactTune has fewer seeds
      lower: armOf(factTune, "test greedy"),
    },
  ];
  const rng = new Rng(seed);
  return comparisons.map((comparison) => measured(comparison, rng.fork(comparison.text).fork(comparison.source)));
}

/**
 * Tables 1 and 2 as a figure: scores of both question sets and decodings, what each policy has over the base, and how
 * far Mask-DPO is ahead of it; the paper's numbers, which are greedy, beside ours.
 */
export function scoreFigure(
  session: Session,
  shipped: Record<ShownEvaluation, Pick<ShippedArms, "base" | "large">>,
  masks: Masks,
  factTune: AlignedArm,
): Figure {
  const looks: [ShownEvaluation, string, SeriesStyle][] = [
    ["test greedy", "greedy", palette.maskDpo],
    ["test sampled", "sampled", palette.dpo],
    ["ood sampled", "out of domain, sampled", { ...palette.chosen, symbol: "square" }],
  ];
  const { base, large, factTune: tuned, maskDpo } = table1;
  const printed = [base.score, large.score, tuned.score, table2.none.score, maskDpo.score];
  const [first, own] = [0, printed.length - 1];
  return armFigure(session, {
    name: "02-scores",
    title: "Factuality before and after alignment (Tables 1 and 2)",
    series: looks.map(([name, label, style]) => ({
      label,
      style,
      arms: [
        shipped[name].base,
        shipped[name].large,
        ...[factTune, masks.none, masks.paper].map((arm) => armOf(arm, name)),
      ],
      ...(name === "test greedy" ? { printed } : {}),
    })),
    contrasts: [
      { title: "Minus base (points)", pair: (row) => (row === first ? null : [row, first]) },
      { title: "Mask-DPO minus it (points)", pair: (row) => (row === own ? null : [own, row]) },
    ],
  });
}
