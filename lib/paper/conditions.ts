/** Whether the mask helps, and when (Tables 1 and 2 and beyond): arms of notebook 02 as rows, curves and claims. */
import { Rng } from "../base/rng";
import type { Interval } from "../base/stats";
import type { MaskKind } from "../preference/mask";
import { armDifference, scoreOf, type Arm, type ArmDifference, type Score } from "../evaluation/arm";
import type { ArmRow } from "../evaluation/armTables";
import type { Claim } from "../evaluation/claims";
import { answersOf } from "../lab/candidates";
import type { EvaluationName } from "../lab/evaluate";
import { trainedPolicy } from "../lab/experiment";
import type { Curve } from "../show/figure/curves";
import { palette, type SeriesStyle } from "../show/palette";
import { paperGain, table1, table2 } from "./printed";
import { relationAccuracy, type RelationAccuracy } from "../evaluation/relationAccuracy";
import { armOf, onTheWay, policyArm, type AlignedArm } from "../lab/runArms";
import type { Session } from "../lab/session";
import type { Condition } from "../lab/suite";
import type { Cell } from "../show/table";

export const maskStyles: Readonly<Record<MaskKind, SeriesStyle>> = { paper: palette.maskDpo, none: palette.dpo, random: palette.random, inverted: palette.inverted };

/** The policies that ship, answering as often as there are seeds. */
export async function shippedArms(session: Session, evaluation: EvaluationName): Promise<Record<"base" | "other" | "large", Arm>> {
  const arm = (label: string, policy: "base" | "other" | "large") => policyArm(session, label, policy, evaluation, session.preset.maskSeeds);
  return { base: await arm("base", "base"), other: await arm("other base", "other"), large: await arm("larger base", "large") };
}

/** Rows of Table 1 and vanilla DPO; the paper's numbers where the evaluation is one of its own. */
export function table1Rows(shipped: Record<"base" | "other" | "large", Arm>, factTune: AlignedArm, masks: Record<"paper" | "none", AlignedArm>, evaluation: EvaluationName): ArmRow[] {
  const row = (arm: Arm, policy: keyof typeof table1): ArmRow => evaluation === "ood sampled" ? { arm, paperFacts: table1[policy].biography } : { arm, paper: table1[policy].score, paperFacts: table1[policy].facts };
  return [{ arm: shipped.other }, row(shipped.base, "base"), row(shipped.large, "large"), row(armOf(factTune, evaluation), "factTune"), { arm: armOf(masks.none, evaluation) }, row(armOf(masks.paper, evaluation), "maskDpo")];
}

/** Rows of Table 2 and its controls. */
export function table2Rows(masks: Record<MaskKind, AlignedArm>, evaluation: EvaluationName): ArmRow[] {
  return (Object.keys(masks) as MaskKind[]).map((mask) => ({ arm: armOf(masks[mask], evaluation), ...(mask in table2 && { paper: table2[mask as keyof typeof table2].score, paperFacts: table2[mask as keyof typeof table2].facts }) }));
}

/** What Tables 1 and 2 say, and the controls. */
export function maskClaims(session: Session, shipped: Record<EvaluationName, Record<"base" | "large", Arm>>, masks: Record<MaskKind, AlignedArm>, factTune: AlignedArm): Claim[] {
  const claim = (text: string, source: string, paper: number | null, a: Arm, b: Arm, score: Score = "score"): Claim => ({ text, source, paper, here: armDifference(a, b, score, new Rng(session.seed).fork(text).fork(source)) });
  const few = factTune.results.length, of = (mask: MaskKind, evaluation: EvaluationName, count?: number) => armOf(masks[mask], evaluation, count);
  const { base, large } = shipped["test greedy"];
  return [
    claim("Mask-DPO > base, greedy", "Table 1", paperGain(table1.base.score, table1.maskDpo.score), of("paper", "test greedy"), base),
    claim("Mask-DPO > base, greedy, by facts", "Table 1", paperGain(table1.base.facts, table1.maskDpo.facts), of("paper", "test greedy"), base, "factScore"),
    claim("Mask-DPO > base, sampled", "Table 6, best of 1", 22.88, of("paper", "test sampled"), shipped["test sampled"].base),
    claim("Mask-DPO > base, out of domain, by facts", "Table 1", paperGain(table1.base.biography, table1.maskDpo.biography), of("paper", "ood sampled"), shipped["ood sampled"].base, "factScore"),
    claim("larger base > base, greedy", "Table 1", paperGain(table1.base.score, table1.large.score), large, base),
    claim("Mask-DPO > FactTune-style, greedy", "Table 1", paperGain(table1.factTune.score, table1.maskDpo.score), of("paper", "test greedy", few), armOf(factTune, "test greedy")),
    claim("Mask-DPO > DPO, greedy", "Table 2", paperGain(table2.none.score, table2.paper.score), of("paper", "test greedy"), of("none", "test greedy")),
    claim("Mask-DPO > DPO, greedy, by facts", "Table 2", paperGain(table2.none.facts, table2.paper.facts), of("paper", "test greedy"), of("none", "test greedy"), "factScore"),
    claim("Mask-DPO > DPO, sampled", "Table 2", null, of("paper", "test sampled"), of("none", "test sampled")),
    claim("Mask-DPO > random mask, sampled", "control", null, of("paper", "test sampled"), of("random", "test sampled")),
    claim("Mask-DPO > inverted mask, sampled", "control", null, of("paper", "test sampled"), of("inverted", "test sampled")),
  ];
}

/** Scores of base, DPO and Mask-DPO, an entry an evaluation, as bars. */
export function scoreSeries({ seed }: Session, shipped: Record<EvaluationName, Record<"base", Arm>>, masks: Record<"paper" | "none", AlignedArm>): { label: string; style: SeriesStyle; scores: Interval[] }[] {
  const names: EvaluationName[] = ["test greedy", "test sampled", "ood sampled"], rng = new Rng(seed).fork("score bars");
  const series = (label: string, style: SeriesStyle, arm: (name: EvaluationName) => Arm) => ({ label, style, scores: names.map((name) => scoreOf(arm(name), "score", rng.fork(label).fork(name))) });
  return [series("base", palette.base, (name) => shipped[name].base), series("DPO (no mask)", palette.dpo, (name) => armOf(masks.none, name)), series("Mask-DPO", palette.maskDpo, (name) => armOf(masks.paper, name))];
}

/** Score against steps, a curve a mask, from the base. */
export function stepCurves({ seed }: Session, masks: Record<MaskKind, AlignedArm>, base: Arm): Curve[] {
  return (Object.keys(masks) as MaskKind[]).map((mask) => {
    const points = [{ step: 0, arm: base }, ...onTheWay(masks[mask])];
    return scoreCurve(masks[mask].label, maskStyles[mask], points.map(({ step, arm }) => ({ x: step, arm })), new Rng(seed).fork("steps").fork(mask));
  });
}

/** Where Mask-DPO and DPO are compared. */
export interface ConditionRow {
  label: string;
  /** means over seeds */
  steps: number;
  pairs: number;
  wrongInChosen: number;
  rightInRejected: number;
  paper: Arm;
  none: Arm;
  difference: ArmDifference;
}

/** Mask-DPO against DPO: on the way, with all there is, and under each condition. */
export function conditionRows(session: Session, masks: Record<MaskKind, AlignedArm>, conditions: Record<Condition, Record<"paper" | "none", AlignedArm>>): ConditionRow[] {
  const { candidates, topics } = session.preset, rng = new Rng(session.seed).fork("conditions");
  const row = (label: string, { results }: AlignedArm, steps: number, paper: Arm, none: Arm): ConditionRow => {
    const mean = (of: (result: AlignedArm["results"][number]) => number) => results.reduce((sum, result) => sum + of(result), 0) / results.length;
    return { label, steps, pairs: mean(({ pairs }) => pairs), wrongInChosen: mean((r) => r.wrongInChosen), rightInRejected: mean((r) => r.rightInRejected), paper, none, difference: armDifference(paper, none, "score", rng.fork(label)) };
  };
  const [paper, none] = [onTheWay(masks.paper), onTheWay(masks.none)];
  const way = paper.map(({ step, arm }, i) => row(i < paper.length - 1 ? `after ${Math.round(step)} steps` : `all steps, K = ${candidates}, ${topics} topics`, masks.paper, step, arm, none[i]!.arm));
  return [...way, ...(Object.keys(conditions) as Condition[]).map((name) => {
    const arms = conditions[name]!;
    return row(name, arms.paper, arms.paper.results[0]!.steps, armOf(arms.paper, "test sampled"), armOf(arms.none, "test sampled"));
  })];
}

/** Columns of a condition beside its difference. */
export const conditionColumns = [
  { key: "steps", label: "Steps", digits: 0 }, { key: "pairs", label: "Pairs", digits: 0 }, { key: "wrong", label: "Wrong in chosen (%)" }, { key: "right", label: "Right in rejected (%)" },
  { key: "paper", label: "Mask-DPO (%)" }, { key: "none", label: "DPO (%)" },
] as const;

export function conditionCells({ seed }: Session, rows: readonly ConditionRow[]): { label: string; cells: Record<string, Cell>; difference: ArmDifference }[] {
  const score = (arm: Arm, label: string) => scoreOf(arm, "score", new Rng(seed).fork("condition").fork(label).fork(arm.label));
  return rows.map(({ label, steps, pairs, wrongInChosen, rightInRejected, paper, none, difference }) => ({
    label, difference, cells: { steps, pairs, wrong: 100 * wrongInChosen, right: 100 * rightInRejected, paper: score(paper, label), none: score(none, label), runs: [...paper.runs, ...none.runs].join(" ") },
  }));
}

/** Mask-DPO's lead over DPO against something that varies among conditions. */
export function leadCurve(rows: readonly ConditionRow[], x: (row: ConditionRow) => number): Curve {
  const sorted = rows.slice().sort((a, b) => x(a) - x(b)), of = (key: "value" | "low" | "high") => sorted.map(({ difference }) => difference[key]);
  return { label: "Mask-DPO - DPO", style: palette.maskDpo, x: sorted.map(x), y: of("value"), low: of("low"), high: of("high") };
}

/** Accuracy by relation of a policy's sampled test answers at some seeds. */
export async function relationsOf(session: Session, policies: readonly { dir: string; seed: number }[]): Promise<RelationAccuracy[]> {
  const sets = [];
  for (const { dir, seed } of policies) sets.push(await answersOf({ ...session, seed }, dir, "test", "sampled"));
  return relationAccuracy(session.atlas, sets[0]!.questions, sets.flatMap(({ answers }) => answers), new Rng(session.seed).fork("relations"));
}

/** The policies of an aligned arm, and the base asked at the same seeds. */
export function policiesOf(session: Session, { results }: AlignedArm): Record<"before" | "after", { dir: string; seed: number }[]> {
  return {
    before: results.map(({ experiment: { seed } }) => ({ dir: session.baseDir, seed })),
    after: results.map(({ experiment }) => ({ dir: trainedPolicy(session, experiment), seed: experiment.seed })),
  };
}

/** Scores of arms against x, with intervals. */
export function scoreCurve(label: string, style: SeriesStyle, points: readonly { x: number; arm: Arm }[], rng: Rng): Curve {
  const scores = points.map(({ arm }, i) => scoreOf(arm, "score", rng.fork(i)));
  return { label, style, x: points.map(({ x }) => x), y: scores.map(({ value }) => value), low: scores.map(({ low }) => low), high: scores.map(({ high }) => high) };
}
