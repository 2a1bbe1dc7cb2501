/** Table 2: the same pairs under the paper's mask (Eq. 5), without one (DPO), and under two controls. */
import { Rng } from "../base/rng";
import { armDifference, type Arm } from "../evaluation/arm";
import type { ArmRow } from "../evaluation/armTables";
import { differenceCurve, scoreCurve } from "../evaluation/charts";
import { measured, type Claim, type Comparison } from "../evaluation/claims";
import { armOf, onTheWay, type AlignedArm } from "../lab/runArms";
import type { Session } from "../lab/session";
import { everything, type ArmSpec, type Study } from "../lab/study";
import type { MaskKind } from "../preference/mask";
import type { Curve } from "../show/figure/curves";
import { palette, type SeriesStyle } from "../show/palette";
import { printedGain, table2 } from "./printed";

/** Every mask on the same pairs, with snapshots on the way. `paper` is the arm that other tables share: Mask-DPO. */
export function maskArms({ preset }: Session): Record<MaskKind, ArmSpec> {
  const arm = (mask: MaskKind, label: string): ArmSpec => ({
    label,
    setting: { mask, snapshots: true },
    seeds: preset.maskSeeds,
    evaluations: everything,
  });
  return {
    paper: arm("paper", "Mask-DPO"),
    none: arm("none", "DPO (no mask)"),
    random: arm("random", "random mask"),
    inverted: arm("inverted", "inverted mask"),
  };
}

/** Mask-DPO and DPO at the same rate and beta, the middle of the grid, instead of each at its own best. */
export function sameArms(session: Session): Record<"paper" | "none", ArmSpec> {
  const { paper, none } = maskArms(session);
  const same = (arm: ArmSpec): ArmSpec => ({
    ...arm,
    label: `${arm.label}, same settings`,
    setting: { ...arm.setting, tuned: false },
    seeds: session.preset.seeds,
  });
  return { paper: same(paper), none: same(none) };
}

/** What Table 2 runs. */
export const study: Study = {
  notebook: "02",
  arms: (session) => [...Object.values(maskArms(session)), ...Object.values(sameArms(session))],
};

export const maskStyles: Readonly<Record<MaskKind, SeriesStyle>> = {
  paper: palette.maskDpo,
  none: palette.dpo,
  random: palette.random,
  inverted: palette.inverted,
};

/** Rows of Table 2 and its controls. */
export function table2Rows(masks: Record<MaskKind, AlignedArm>, evaluation: "test greedy" | "test sampled"): ArmRow[] {
  const row = (mask: keyof typeof table2): ArmRow => ({
    arm: armOf(masks[mask], evaluation),
    printed: table2[mask].score,
    printedFacts: table2[mask].facts,
  });
  const control = (mask: MaskKind): ArmRow => ({ arm: armOf(masks[mask], evaluation) });
  return [row("paper"), row("none"), control("random"), control("inverted")];
}

/** The same two rows where neither mask has settings of its own. */
export function sameRows(
  same: Record<"paper" | "none", AlignedArm>,
  evaluation: "test greedy" | "test sampled",
): ArmRow[] {
  return [same.paper, same.none].map((arm) => ({ arm: armOf(arm, evaluation) }));
}

/** What Table 2 says, and what the controls should show. @param same at the middle of the grid */
export function table2Claims(
  { seed }: Session,
  masks: Record<MaskKind, AlignedArm>,
  same: Record<"paper" | "none", AlignedArm>,
): Claim[] {
  const sampled = (mask: MaskKind): Arm => armOf(masks[mask], "test sampled");
  const [maskDpo, dpo] = [armOf(masks.paper, "test greedy"), armOf(masks.none, "test greedy")];
  const comparisons: Comparison[] = [
    {
      text: "Mask-DPO > DPO, greedy",
      source: "Table 2",
      printed: printedGain(table2.none.score, table2.paper.score),
      higher: maskDpo,
      lower: dpo,
    },
    {
      text: "Mask-DPO > DPO, greedy, by facts",
      source: "Table 2",
      printed: printedGain(table2.none.facts, table2.paper.facts),
      higher: maskDpo,
      lower: dpo,
      score: "factScore",
    },
    {
      text: "Mask-DPO > DPO, sampled",
      source: "Table 2",
      printed: null,
      higher: sampled("paper"),
      lower: sampled("none"),
    },
    {
      text: "Mask-DPO > random mask, sampled",
      source: "control",
      printed: null,
      higher: sampled("paper"),
      lower: sampled("random"),
    },
    {
      text: "Mask-DPO > inverted mask, sampled",
      source: "control",
      printed: null,
      higher: sampled("paper"),
      lower: sampled("inverted"),
    },
    ...(["greedy", "sampled"] as const).map((decoding): Comparison => ({
      text: `Mask-DPO > DPO, ${decoding}, same rate and beta`,
      source: "control",
      printed: null,
      higher: armOf(same.paper, `test ${decoding}`),
      lower: armOf(same.none, `test ${decoding}`),
    })),
  ];
  const rng = new Rng(seed);
  return comparisons.map((comparison) => measured(comparison, rng.fork(comparison.text).fork(comparison.source)));
}

/** Score against steps, a curve a mask, from the base. */
export function stepCurves({ seed }: Session, masks: Record<MaskKind, AlignedArm>, base: Arm): Curve[] {
  return (Object.keys(masks) as MaskKind[]).map((mask) => {
    const points = [{ x: 0, arm: base }, ...onTheWay(masks[mask]).map(({ step, arm }) => ({ x: step, arm }))];
    return scoreCurve(masks[mask].label, maskStyles[mask], points, new Rng(seed).fork("steps").fork(mask));
  });
}

/** How far Mask-DPO is ahead of every other mask on the way, paired. */
export function stepLeads({ seed }: Session, masks: Record<MaskKind, AlignedArm>): Curve[] {
  const own = onTheWay(masks.paper);
  return (Object.keys(masks) as MaskKind[])
    .filter((mask) => mask !== "paper")
    .map((mask) => {
      const rng = new Rng(seed).fork("step leads").fork(mask);
      const points = onTheWay(masks[mask]).map(({ arm }, i) => {
        const { step, arm: maskDpo } = own[i]!;
        return { x: step, difference: armDifference(maskDpo, arm, "score", rng.fork(i)) };
      });
      return differenceCurve(masks[mask].label, maskStyles[mask], points);
    });
}
