/**
 * What a study asks for: arms, each one setting over several seeds, at the size of a preset. Studies share experiments:
 * what is equal by content runs once.
 */
import type { TrainOptions } from "../align/trainOptions";
import type { Mask } from "../preference/mask";
import type { EvaluationName } from "./evaluate";
import { parseRow } from "../base/jsonl";
import { experimentSchema, type Experiment } from "./experiment";
import type { PairSource } from "./pairSource";
import { seedsOf, type PolicyName, type Session } from "./session";

/** Mask-DPO as the preset has it (§2.2, App. A), with changes. */
export interface Setting {
  policy?: PolicyName;
  pairs?: Partial<PairSource>;
  mask?: Mask;
  /** what differs from the preset's training */
  training?: Partial<TrainOptions>;
  snapshots?: boolean;
}

/** A row of a table before it is run. */
export interface ArmSpec {
  label: string;
  setting: Setting;
  /** how many, from the session's on */
  seeds: number;
  evaluations: readonly EvaluationName[];
}

/** What one table, or one notebook's part, runs. */
export interface Study {
  /** the notebook's number, e.g. "02" */
  notebook: string;
  arms: (session: Session) => ArmSpec[];
}

/**
 * The experiment of a setting at a seed. Pairs are sampled from the policy itself unless the setting says otherwise.
 * @throws UserError for a value out of range
 */
export function experimentOf(
  { preset }: Session,
  seed: number,
  { policy = "base", pairs, mask = "paper", training: changes, snapshots = false }: Setting,
): Experiment {
  const { candidates: k, topics, questionsPerTopic, training } = preset;
  const experiment: Experiment = {
    policy,
    pairs: { author: policy, document: false, annotator: "sentences", k, topics, questionsPerTopic, ...pairs },
    mask,
    training: { ...training, ...changes },
    seed,
    snapshots,
  };
  return parseRow(experimentSchema, experiment, "experiment"); // a cell may be plain JavaScript
}

export const sampled: readonly EvaluationName[] = ["test sampled"];
export const everything: readonly EvaluationName[] = ["test sampled", "test greedy", "ood sampled"];

/** The experiments of arms. */
export function requestsOf(
  session: Session,
  specs: readonly ArmSpec[],
): { experiment: Experiment; evaluations: readonly EvaluationName[] }[] {
  return specs.flatMap(({ setting, seeds, evaluations }) =>
    seedsOf(session, seeds).map((seed) => ({ experiment: experimentOf(session, seed, setting), evaluations })),
  );
}
