/** Reward-augmented data: pairs with a score as the goal in the prompt, the other side wanted for the lower goal. */
import { armDifference, perAnswer, scoreOf } from "../../evaluation/arm";
import { Rng } from "../../base/rng";
import type { Session } from "../../lab/session";
import type { StagedArm, StagedSpec } from "../../lab/stages/runStages";
import { highestGoal, withGoal } from "../../lab/stages/goals";
import type { Table } from "../../show/table";
import { pairRows, sampledOf, stage, staged, trainingOf, type MethodComparison } from "./staged";

type Key = "goals" | "constant" | "twice";

/** Goals that are asked for, beside the highest. */
const lowerGoals = [2, 4, 6, 8] as const;

/** Two passes where pairs come once, so that all have as many steps. */
export function goalArms(session: Session): Record<Key, StagedSpec> {
  const { epochs } = session.preset.training;
  const training = trainingOf(session, "dpo");
  const twice = { ...training, epochs: 2 * epochs };
  const ask: StagedSpec["ask"] = (question) => withGoal(question, highestGoal);
  const goals = stage({ rows: "goals", constant: false }, training);
  const constant = stage({ rows: "goals", constant: true }, twice);
  return {
    goals: { ...staged(session, "goals, the highest asked for", goals), ask },
    constant: { ...staged(session, "one goal for all, twice the passes", constant), ask },
    twice: staged(session, "DPO, twice the passes", stage(pairRows(), twice)),
  };
}

/** The same policies, asked for less. */
export function lowerGoalArms(session: Session): Record<string, StagedSpec> {
  const { goals } = goalArms(session);
  return Object.fromEntries(
    lowerGoals.map((goal): [string, StagedSpec] => [
      `goal ${goal}`,
      { ...goals, label: `goal ${goal}`, ask: (question) => withGoal(question, goal), evaluations: ["test sampled"] },
    ]),
  );
}

export function goalComparisons(arms: Record<Key, StagedArm>): MethodComparison[] {
  const method = "Reward-augmented data";
  const theirs = "gains over DPO on AlpacaEval 2, MT-Bench, Arena-Hard (6 models; by its abstract, not verified)";
  const limits = "the base never saw a goal in a prompt; both controls have as many steps";
  const [higher, constant, twice] = [arms.goals, arms.constant, arms.twice].map(sampledOf) as [
    ReturnType<typeof sampledOf>,
    ReturnType<typeof sampledOf>,
    ReturnType<typeof sampledOf>,
  ];
  return [
    { method, text: "goals > DPO with as many steps", theirs, higher, lower: twice, limits },
    { method, text: "goals > the same goal for all", theirs: "not in the paper", higher, lower: constant, limits },
  ];
}

/** What is achieved where less is asked for: a policy that learnt what a goal means has scores that rise with it. */
export function goalTable({ seed }: Session, highest: StagedArm, lower: Readonly<Record<string, StagedArm>>): Table {
  const rng = new Rng(seed).fork("goals");
  const top = sampledOf(highest);
  const rows = [...Object.values(lower).map(sampledOf), { ...top, label: `goal ${highestGoal}` }];
  return {
    name: "12-goals",
    caption: "What is achieved when a goal is asked for (test, sampled; counts per answer)",
    columns: [
      { key: "label", label: "Asked for" },
      { key: "correct", label: "# Correct", digits: 2 },
      { key: "incorrect", label: "# Incorrect", digits: 2 },
      { key: "characters", label: "Characters", digits: 0 },
      { key: "score", label: "% Score [95 %]" },
      { key: "less", label: "Less than the highest goal (points) [95 %]" },
    ],
    rows: rows.map((arm) => {
      const { value, low, high } = armDifference(arm, top, "score", rng.fork(arm.label).fork("less"));
      return {
        label: arm.label,
        correct: perAnswer(arm, "correct"),
        incorrect: perAnswer(arm, "incorrect"),
        characters: perAnswer(arm, "characters"),
        score: scoreOf(arm, "score", rng.fork(arm.label)),
        less: arm.label === `goal ${highestGoal}` ? null : { value, low, high },
        runs: arm.runs.join(" "),
      };
    }),
  };
}
