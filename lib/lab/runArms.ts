/** Arms of tables, computed: aligned policies over several seeds, and policies as they ship. */
import { runsOf, type Traced } from "../show/provenance";
import { mean } from "../base/stats";
import type { StepLog } from "../align/trainOptions";
import type { Arm } from "../evaluation/arm";
import { evaluate, evaluationRun, type EvaluationName } from "./evaluate";
import { trainedPolicy, type ExperimentResult } from "./experiment";
import { runExperiments } from "./runExperiments";
import { policyDir, seedsOf, shippedHash, type PolicyName, type Session } from "./session";
import { requestsOf, type ArmSpec } from "./study";
import { readTrainingLogs } from "../align/trainRun";

/** An arm whose experiments are done, one a seed. */
export interface AlignedArm extends Traced {
  label: string;
  results: readonly ExperimentResult[];
}

/** Runs what is missing of all arms together. @throws UserError as `runExperiments` */
export async function runArms<Key extends string>(
  session: Session,
  specs: Readonly<Record<Key, ArmSpec>>,
): Promise<Record<Key, AlignedArm>> {
  const keys = Object.keys(specs) as Key[];
  const results = await runExperiments(
    session,
    requestsOf(
      session,
      keys.map((key) => specs[key]),
    ),
  );
  const arms = {} as Record<Key, AlignedArm>;
  let start = 0;
  for (const key of keys) {
    const own = results.slice(start, (start += specs[key].seeds));
    arms[key] = { label: specs[key].label, results: own, runs: own.map(({ run }) => run) };
  }
  return arms;
}

/** Logs of the first seed's training. */
export function trainingLogs(session: Session, { results }: AlignedArm): StepLog[] {
  return readTrainingLogs(trainedPolicy(session, results[0]!.experiment));
}

/** Its answers in an evaluation. @throws Error where that was not asked for */
export function armOf({ label, results }: AlignedArm, evaluation: EvaluationName, count = results.length): Arm {
  const kept = results.slice(0, count);
  return {
    label,
    runs: kept.map(({ run }) => run),
    seeds: kept.map(({ answers }) => {
      const totals = answers[evaluation];
      if (!totals)
        throw new Error(
          `armOf: expected an evaluation "${evaluation}" of ${label}, got ${Object.keys(answers).join(", ")}`,
        );
      return totals;
    }),
  };
}

/** Sampled test answers on the way: where each snapshot stands (mean over seeds), and the end. */
export function onTheWay(arm: AlignedArm): { step: number; arm: Arm }[] {
  const { label, results } = arm;
  const points = results[0]!.snapshots.map((_, i) => ({
    step: mean(results.map(({ snapshots }) => snapshots[i]!.step)),
    arm: { label, runs: results.map(({ run }) => run), seeds: results.map(({ snapshots }) => snapshots[i]!.answers) },
  }));
  return [...points, { step: mean(results.map(({ steps }) => steps)), arm: armOf(arm, "test sampled") }];
}

/** A policy as it ships, whose answers are sampled at as many seeds; greedy ones are the same at each. */
export async function policyArm(
  session: Session,
  label: string,
  policy: PolicyName,
  evaluation: EvaluationName,
  seeds: number,
): Promise<Arm> {
  const dir = policyDir(session, policy);
  const hash = shippedHash(session, policy);
  const totals = [];
  const runs = [];
  for (const seed of seedsOf(session, seeds)) {
    const own = { ...session, seed };
    totals.push(await evaluate(own, dir, evaluation, hash));
    runs.push(evaluationRun(own, hash, evaluation));
  }
  return { label, runs: runsOf({ runs }), seeds: totals };
}
