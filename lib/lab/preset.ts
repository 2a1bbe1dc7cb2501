/**
 * Presets: the same science at six sizes (`smoke` runs every path of it; its numbers mean nothing). Rate and strength
 * of an arm come from a grid on validation topics (`tuning.ts`, data/atlas/TUNING.md); here is its middle. The paper's
 * own stand beside them.
 */
import { UserError } from "../base/check";
import { chooseObjective } from "../align/objective/registry";
import { paperTraining, type TrainOptions } from "../align/trainOptions";
import type { EngineName } from "../engine/backend";

export const presetNames = ["smoke", "small", "quick", "medium", "hour", "full"] as const;
export type PresetName = (typeof presetNames)[number];

export interface Preset {
  name: PresetName;
  /** training topics, and questions of each */
  topics: number;
  questionsPerTopic: number;
  /** K candidates per question */
  candidates: number;
  /** longest completion in tokens */
  maxNewTokens: number;
  /** questions of the test and of the out-of-domain set that are used */
  evaluationQuestions: number;
  /** sampled answers per evaluation question */
  samples: number;
  /** the largest N of best-of-N, which is also how many answers are sampled, and to how many test questions */
  bestOf: number;
  bestOfQuestions: number;
  /** seeds of every number, and of the central claim (Table 2: whether the mask helps) */
  seeds: number;
  maskSeeds: number;
  /** masks under which all objectives are compared (notebook 11) */
  objectiveMasks: readonly ("paper" | "none")[];
  /** the phase diagram of notebook 12: K, and shares of sentences that its annotator takes for the opposite */
  phase: { candidates: readonly number[]; errors: readonly number[] };
  training: TrainOptions;
}

/** Atlas's longest answer has 84 tokens. */
export const maxNewTokens = 96;

/**
 * Atlas: a model four orders smaller than the paper's wants a larger step, more weight on the reference, and one pass
 * over many pairs (`full` keeps the paper's three). Fewer pairs come in smaller batches: a rate says how far a step
 * goes, so `small` and `quick` take about as many steps (16 and 21) as `medium`, which the grids of rates are of.
 */
const atlasTraining: TrainOptions = {
  ...paperTraining,
  objective: chooseObjective("dpo", { beta: 0.5 }),
  lr: 1e-4,
  epochs: 1,
};

const medium: Omit<Preset, "name"> = {
  topics: 447,
  questionsPerTopic: 3,
  candidates: 8,
  maxNewTokens,
  evaluationQuestions: 183,
  samples: 4,
  bestOf: 128,
  bestOfQuestions: 60,
  seeds: 3,
  maskSeeds: 5,
  objectiveMasks: ["paper"],
  phase: { candidates: [2, 4, 8], errors: [0, 0.15, 0.3] },
  training: atlasTraining,
};

const presets: Readonly<Record<PresetName, Omit<Preset, "name">>> = {
  smoke: {
    topics: 6,
    questionsPerTopic: 3,
    candidates: 4,
    maxNewTokens: 40,
    evaluationQuestions: 6,
    samples: 2,
    bestOf: 4,
    bestOfQuestions: 4,
    seeds: 1,
    maskSeeds: 2,
    objectiveMasks: ["paper"],
    phase: { candidates: [2, 4], errors: [0, 0.15] },
    training: { ...atlasTraining, batch: 8, microbatch: 8 },
  },
  small: {
    topics: 90,
    questionsPerTopic: 3,
    candidates: 6,
    maxNewTokens,
    evaluationQuestions: 60,
    samples: 2,
    bestOf: 32,
    bestOfQuestions: 20,
    seeds: 1,
    maskSeeds: 2,
    objectiveMasks: ["paper"],
    phase: { candidates: [2, 6], errors: [0, 0.15, 0.3] },
    training: { ...atlasTraining, batch: 16 },
  },
  quick: {
    ...medium,
    topics: 225,
    seeds: 1,
    maskSeeds: 2,
    phase: { ...medium.phase, candidates: [2, 8] },
    training: { ...atlasTraining, batch: 32 },
  },
  medium,
  hour: {
    topics: 894,
    questionsPerTopic: 3,
    candidates: 8,
    maxNewTokens,
    evaluationQuestions: 183,
    samples: 4,
    bestOf: 256,
    bestOfQuestions: 118,
    seeds: 3,
    maskSeeds: 5,
    objectiveMasks: ["paper", "none"],
    phase: { candidates: [2, 4, 8], errors: [0, 0.05, 0.15, 0.3] },
    training: atlasTraining,
  },
  full: {
    topics: 2682,
    questionsPerTopic: 3,
    candidates: 32,
    maxNewTokens,
    evaluationQuestions: 183,
    samples: 16,
    bestOf: 256,
    bestOfQuestions: 177,
    seeds: 3,
    maskSeeds: 5,
    objectiveMasks: ["paper", "none"],
    phase: { candidates: [2, 4, 32], errors: [0, 0.05, 0.15, 0.3] },
    training: { ...atlasTraining, epochs: 3 },
  },
};

/** @throws UserError for an unknown name */
export function preset(name: string): Preset {
  if (!presetNames.includes(name as PresetName))
    throw new UserError({
      where: "--preset",
      expected: presetNames.join(" | "),
      got: name,
      fix: "Leave it out to size the run to the engine.",
    });
  return { name: name as PresetName, ...presets[name as PresetName] };
}

/** The preset a machine gets when none is asked for: what its engine can do in less than an hour. */
export function defaultPreset(engine: EngineName): PresetName {
  return engine === "native" || engine === "webgpu" ? "quick" : "small";
}
