/**
 * When the mask helps (notebook 02): Mask-DPO against DPO on the way and under conditions of which the paper has none.
 */
import { Rng } from "../base/rng";
import { differenceCurve } from "../evaluation/charts";
import { armDifference, scoreOf, type Arm, type ArmDifference } from "../evaluation/arm";
import { armOf, onTheWay, runArms, type AlignedArm } from "../lab/runArms";
import type { Session } from "../lab/session";
import { chosenTraining, sampled, type ArmSpec, type Setting, type Study } from "../lab/study";
import type { Curve } from "../show/figure/curves";
import { palette } from "../show/palette";
import type { Cell } from "../show/table";

/** What differs from the full setting: K, the topics, the learning rate, or that training has only come so far. */
export type Aspect = "candidates" | "topics" | "rate" | "steps";

/** A condition under which both masks are trained. */
export interface Condition {
  label: string;
  aspect: Aspect;
  setting: Setting;
  /** factor on the learning rate that each mask has otherwise */
  rate?: number;
}

type Both<T> = Record<"paper" | "none", T>;

/** Where the mask may matter more or less: few candidates, few pairs, small steps. */
export function conditionsOf({ preset }: Session): Condition[] {
  const fewer = [2, 4, 8, 16].filter((k) => k < preset.candidates);
  return [
    ...fewer.map((k): Condition => ({ label: `K = ${k}`, aspect: "candidates", setting: { pairs: { k } } })),
    ...[1, 2].map((part): Condition => ({
      label: `${part}/3 of the topics`,
      aspect: "topics",
      setting: { pairs: { topics: (part * preset.topics) / 3 } },
    })),
    { label: "a quarter of the learning rate", aspect: "rate", setting: {}, rate: 1 / 4 },
  ];
}

/** Mask-DPO and DPO under a condition. */
function armsOf(session: Session, { setting, rate = 1 }: Condition): Both<ArmSpec> {
  const arm = (mask: "paper" | "none", label: string): ArmSpec => {
    const own = { ...setting, mask };
    const { lr } = chosenTraining(session, own);
    return {
      label,
      setting: rate === 1 ? own : { ...own, training: { lr: lr * rate } },
      seeds: session.preset.seeds,
      evaluations: sampled,
    };
  };
  return { paper: arm("paper", "Mask-DPO"), none: arm("none", "DPO (no mask)") };
}

/** What the conditions run. */
export const study: Study = {
  notebook: "02",
  arms: (session) => conditionsOf(session).flatMap((condition) => Object.values(armsOf(session, condition))),
};

export interface ConditionResult extends Condition {
  arms: Both<AlignedArm>;
}

/** Mask-DPO and DPO under every condition. */
export async function runConditions(session: Session): Promise<ConditionResult[]> {
  const conditions = conditionsOf(session);
  const specs = conditions.flatMap((condition): [string, ArmSpec][] => {
    const { paper, none } = armsOf(session, condition);
    return [
      [`${condition.label} paper`, paper],
      [`${condition.label} none`, none],
    ];
  });
  const arms = await runArms(session, Object.fromEntries(specs));
  return conditions.map((condition) => ({
    ...condition,
    arms: { paper: arms[`${condition.label} paper`]!, none: arms[`${condition.label} none`]! },
  }));
}

/** Where Mask-DPO and DPO are compared. */
export interface ConditionRow {
  label: string;
  /** undefined: the full setting itself, with which each aspect ends */
  aspect?: Aspect;
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
export function conditionRows(
  { seed, preset }: Session,
  masks: Both<AlignedArm>,
  conditions: readonly ConditionResult[],
): ConditionRow[] {
  const rng = new Rng(seed).fork("conditions");
  const row = (
    label: string,
    aspect: Aspect | undefined,
    trained: AlignedArm,
    steps: number,
    arms: Both<Arm>,
  ): ConditionRow => {
    const mean = (of: (result: AlignedArm["results"][number]) => number): number =>
      trained.results.reduce((sum, result) => sum + of(result), 0) / trained.results.length;
    return {
      label,
      aspect,
      steps,
      pairs: mean(({ pairs }) => pairs),
      wrongInChosen: mean(({ wrongInChosen }) => wrongInChosen),
      rightInRejected: mean(({ rightInRejected }) => rightInRejected),
      ...arms,
      difference: armDifference(arms.paper, arms.none, "score", rng.fork(label)),
    };
  };
  const none = onTheWay(masks.none);
  const way = onTheWay(masks.paper).map(({ step, arm }, i, { length }) => {
    const last = i === length - 1;
    const arms = { paper: arm, none: none[i]!.arm };
    const label = last
      ? `all steps, K = ${preset.candidates}, ${preset.topics} topics`
      : `after ${Math.round(step)} steps`;
    return row(label, last ? undefined : "steps", masks.paper, step, arms);
  });
  return [
    ...way,
    ...conditions.map(({ label, aspect, arms: { paper, none } }) => {
      const arms = { paper: armOf(paper, "test sampled"), none: armOf(none, "test sampled") };
      return row(label, aspect, paper, paper.results[0]!.steps, arms);
    }),
  ];
}

/** The rows in which one aspect differs, and the full setting. */
export function rowsAlong(rows: readonly ConditionRow[], aspect: Aspect): ConditionRow[] {
  return rows.filter((row) => row.aspect === undefined || row.aspect === aspect);
}

/** Columns of a condition beside its difference. */
export const conditionColumns = [
  { key: "steps", label: "Steps", digits: 0 },
  { key: "pairs", label: "Pairs", digits: 0 },
  { key: "wrong", label: "Wrong in chosen (%)" },
  { key: "right", label: "Right in rejected (%)" },
  { key: "paper", label: "Mask-DPO (%)" },
  { key: "none", label: "DPO (%)" },
] as const;

interface DifferenceRow {
  label: string;
  cells: Record<string, Cell>;
  difference: ArmDifference;
}

export function conditionCells({ seed }: Session, rows: readonly ConditionRow[]): DifferenceRow[] {
  const rng = new Rng(seed).fork("condition");
  return rows.map(({ label, steps, pairs, wrongInChosen, rightInRejected, paper, none, difference }) => ({
    label,
    difference,
    cells: {
      steps,
      pairs,
      wrong: 100 * wrongInChosen,
      right: 100 * rightInRejected,
      paper: scoreOf(paper, "score", rng.fork(label).fork(paper.label)),
      none: scoreOf(none, "score", rng.fork(label).fork(none.label)),
    },
  }));
}

/** Mask-DPO's lead over DPO against something that varies among conditions. */
export function leadCurve(rows: readonly ConditionRow[], x: (row: ConditionRow) => number): Curve {
  const sorted = rows.slice().sort((a, b) => x(a) - x(b));
  const points = sorted.map((row) => ({ x: x(row), difference: row.difference }));
  return differenceCurve("Mask-DPO - DPO", palette.maskDpo, points);
}
