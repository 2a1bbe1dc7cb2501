/**
 * What a study asks for: arms, each one setting over several seeds, at the size of a preset. Studies share experiments:
 * what is equal by content runs once.
 */
import type { TrainOptions } from "../align/trainOptions";
import type { Mask } from "../preference/mask";
import type { ShownEvaluation } from "./evaluate";
import { parseRow } from "../base/jsonl";
import { experimentSchema, type Experiment } from "./experiment";
import type { PairSource } from "./pairSource";
import { seedsOf, type PolicyName, type Session } from "./session";
import { tunedTraining, untunedTraining, type Recipe } from "./tuning";

/**
 * Mask-DPO as the preset has it (§2.2, App. A), with changes. Learning rate and strength follow: they are the best of
 * the grid that every setting has (`tuning.ts`).
 */
export interface Setting {
  policy?: PolicyName;
  pairs?: Partial<PairSource>;
  mask?: Mask;
  /** name of an objective (default: dpo) */
  objective?: string;
  /** false: the middle of the grid instead, the same for all */
  tuned?: boolean;
  /** what differs from that and from the preset's training */
  training?: Partial<TrainOptions>;
  snapshots?: boolean;
}

/** A row of a table before it is run. */
export interface ArmSpec {
  label: string;
  setting: Setting;
  /** how many, from the session's on */
  seeds: number;
  evaluations: readonly ShownEvaluation[];
  /** whether probabilities are followed in the training of the first seed (`track.ts`) */
  track?: boolean;
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
export function experimentOf(session: Session, seed: number, setting: Setting): Experiment {
  const { policy = "base", mask = "paper", training: changes, snapshots = false } = setting;
  const experiment: Experiment = {
    policy,
    pairs: sourceOf(session, setting),
    mask,
    training: { ...session.preset.training, ...chosenTraining(session, setting), ...changes },
    seed,
    snapshots,
  };
  return parseRow(experimentSchema, experiment, "experiment"); // a cell may be plain JavaScript
}

function sourceOf({ preset }: Session, { policy = "base", pairs }: Setting): PairSource {
  const { candidates: k, topics, questionsPerTopic } = preset;
  return { author: policy, document: false, annotator: "sentences", k, topics, questionsPerTopic, ...pairs };
}

/** What of a setting the grid is about. */
export function recipeOf(session: Session, setting: Setting): Recipe {
  const { policy = "base", mask = "paper", objective = "dpo" } = setting;
  const { author, document, annotator } = sourceOf(session, setting);
  return { objective, mask, author: author === policy ? "own" : "another", document, annotator };
}

/** Learning rate and objective of a setting, before its own changes. */
export function chosenTraining(session: Session, setting: Setting): Pick<TrainOptions, "lr" | "objective"> {
  const { tuning, preset } = session;
  const recipe = recipeOf(session, setting);
  return setting.tuned === false ? untunedTraining(preset, recipe.objective) : tunedTraining(tuning, preset, recipe);
}

export const sampled: readonly ShownEvaluation[] = ["test sampled"];
export const everything: readonly ShownEvaluation[] = ["test sampled", "test greedy", "ood sampled"];

/** The experiments of arms. */
export function requestsOf(
  session: Session,
  specs: readonly ArmSpec[],
): { experiment: Experiment; evaluations: readonly ShownEvaluation[]; track: boolean }[] {
  return specs.flatMap(({ setting, seeds, evaluations, track = false }) =>
    seedsOf(session, seeds).map((seed, i) => {
      const experiment = experimentOf(session, seed, setting);
      return { experiment, evaluations, track: track && i === 0 };
    }),
  );
}
