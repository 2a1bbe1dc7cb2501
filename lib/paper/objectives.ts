/** Notebook 11: every objective of the registry on the same pairs, each at the best of the same grid. */
import { objectives } from "../align/objective/registry";
import { Rng } from "../base/rng";
import { armDifference, type Arm, type ArmDifference } from "../evaluation/arm";
import type { ArmRow } from "../evaluation/armTables";
import type { MethodClaim } from "../evaluation/methodClaims";
import { armOf, type AlignedArm } from "../lab/runArms";
import type { Session } from "../lab/session";
import type { ArmSpec, Study } from "../lab/study";
import { forestFigure, type ForestRow } from "../show/figure/forest";
import type { Figure } from "../show/figure/figure";
import { palette } from "../show/palette";
import { maskArms } from "./table2";

/** Masks under which objectives are compared, and what those arms are called. */
const masks = { paper: "with the paper's mask", none: "without a mask" } as const;
type ObjectiveMask = keyof typeof masks;

/** By objective and mask, `dpo paper`, say. */
export type ByObjective<T> = Readonly<Record<string, T>>;

/** Every objective under the masks of the preset; DPO always under both. */
export function objectiveArms(session: Session): ByObjective<ArmSpec> {
  const { preset } = session;
  const ofDpo = maskArms(session);
  const arms = (Object.keys(masks) as ObjectiveMask[]).flatMap((mask) =>
    objectives
      .filter(({ name }) => name === "dpo" || preset.objectiveMasks.includes(mask))
      .map(({ name, label }): [string, ArmSpec] => [
        `${name} ${mask}`,
        {
          ...(name === "dpo"
            ? ofDpo[mask] // as in Table 2
            : { label: mask === "paper" ? `${label}, masked` : label, setting: { objective: name, mask } }),
          seeds: preset.seeds,
          evaluations: ["test sampled", "test greedy"],
          track: true,
        },
      ]),
  );
  return Object.fromEntries(arms);
}

/** What notebook 11 runs. */
export const study: Study = { notebook: "11", arms: (session) => Object.values(objectiveArms(session)) };

type Evaluation = "test sampled" | "test greedy";

/** Rows in the order of the registry, the base first. */
export function objectiveRows(base: Arm, arms: ByObjective<AlignedArm>, evaluation: Evaluation): ArmRow[] {
  return [{ arm: base }, ...Object.values(arms).map((arm) => ({ arm: armOf(arm, evaluation) }))];
}

/** Each objective minus DPO under the same mask; by name. */
export function againstDpo(
  { seed }: Session,
  arms: ByObjective<AlignedArm>,
  mask: ObjectiveMask,
): Map<string, ArmDifference> {
  const rng = new Rng(seed).fork("objectives").fork(mask);
  const of = (name: string) => armOf(arms[`${name} ${mask}`]!, "test sampled");
  const others = objectives.filter(({ name }) => name !== "dpo" && `${name} ${mask}` in arms);
  return new Map(others.map(({ name }) => [name, armDifference(of(name), of("dpo"), "score", rng.fork(name))]));
}

/** One row an objective: its lead over DPO with the mask, and without. */
export function objectiveForest(session: Session, arms: ByObjective<AlignedArm>): Figure {
  const labels = new Map(objectives.map(({ name, label }) => [name, label]));
  const rows = (mask: ObjectiveMask): ForestRow[] =>
    [...againstDpo(session, arms, mask)].map(([name, here]) => ({ label: labels.get(name)!, here, runs: here.runs }));
  const style = { paper: palette.maskDpo, none: palette.dpo };
  return forestFigure({
    name: "11-forest",
    title: "Objectives against DPO on the same pairs (test, sampled)",
    valueTitle: "Difference to DPO under the same mask (points)",
    series: (Object.keys(masks) as ObjectiveMask[])
      .map((mask) => ({ label: masks[mask], style: style[mask], rows: rows(mask) }))
      .filter((series) => series.rows.length > 0),
  });
}

/** What their papers print; none is a share of right sentences, so none is set against ours as a number. */
const claimed: readonly Pick<MethodClaim, "method" | "text" | "theirs" | "limits">[] = [
  {
    method: "simpo",
    text: "SimPO > DPO",
    theirs: "up to +6.4 AlpacaEval 2 LC, +7.5 Arena-Hard (Llama 3 8B, Mistral 7B, Gemma 2 9B)",
    limits: "win rates by a judge of style and help, not factuality",
  },
  {
    method: "apo-zero",
    text: "APO-zero > DPO",
    theirs: "+7.65 % MixEval-Hard over its base (Llama 3 8B Instruct, 32k CLAIR pairs)",
    limits: "minimally revised pairs; here best and worst of K",
  },
  {
    method: "fkto",
    text: "fKTO > KTO",
    theirs: "about +1.5 F1 on LongFact (FactAlign; from a summary, not verified)",
    limits: "F1 with recall of a long answer; here the share of right sentences",
  },
  {
    method: "f-dpo",
    text: "F-DPO > DPO",
    theirs: "hallucination rate 0.424 to 0.084 over its base (Qwen3 8B, judged by GPT-4o mini)",
    limits: "flipped labels and synthetic hallucinations of its data are not used here",
  },
  {
    method: "dpop",
    text: "DPO-positive > DPO",
    theirs: "80.48 on the Open LLM Leaderboard (Smaug 72B); formula from secondary sources",
    limits: "its case is pairs that differ in a few tokens",
  },
  {
    method: "flex-dpo",
    text: "Flex-DPO > DPO",
    theirs: "3.85 against 3.60 on a 1 to 5 scale, MATH* (Baichuan 2 13B; from a review, not verified)",
    limits: "reasoning by a judge's scale",
  },
  {
    method: "dpo-sft",
    text: "DPO + SFT > DPO",
    theirs: "the second remedy of 3D-Properties; its table was not verified",
    limits: "weight of the second term as in TRL, not tuned apart",
  },
  {
    method: "tdpo2",
    text: "TDPO2 > DPO",
    theirs: "better reward at equal divergence on IMDb and HH (GPT-2 large, Pythia 2.8B); numbers not verified",
    limits: "the frontier against divergence is not drawn here",
  },
];

/** Their claims, under the paper's mask; fKTO's is against KTO. */
export function objectiveClaims(session: Session, arms: ByObjective<AlignedArm>): MethodClaim[] {
  const differences = againstDpo(session, arms, "paper");
  const of = (name: string) => armOf(arms[`${name} paper`]!, "test sampled");
  const rng = new Rng(session.seed).fork("fkto against kto");
  return claimed.map(({ method, ...claim }) => ({
    ...claim,
    method: objectives.find(({ name }) => name === method)!.label,
    here: method === "fkto" ? armDifference(of("fkto"), of("kto"), "score", rng) : differences.get(method)!,
  }));
}
