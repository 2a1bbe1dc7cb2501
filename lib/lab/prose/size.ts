/**
 * Sizes of the study of a real model by preset: a pair costs seconds here where Atlas's costs milliseconds. On two
 * cores `quick` takes 17 minutes; `hour` took 85, with other work beside; `full` is planned at 13 hours.
 */
import { paperTraining, type TrainOptions } from "../../align/trainOptions";
import type { PresetName } from "../preset";

export interface ProseSize {
  /** training topics, one question each; and how many of them the search for settings trains on */
  topics: number;
  searchTopics: number;
  validationTopics: number;
  testTopics: number;
  /** K candidates a question */
  candidates: number;
  maxNewTokens: number;
  /** sampled answers a validation and test question */
  samples: number;
  seeds: number;
  /** settings that each arm is tried with */
  rates: readonly number[];
  betas: readonly number[];
  training: Pick<TrainOptions, "epochs" | "batch" | "warmup">;
  /** largest N, and test questions it is sampled for */
  bestOf: number;
  bestOfTopics: number;
  /** closed questions are asked about so many test topics, with so many wrong values */
  probedTopics: number;
  wrongValues: number;
  /** cities whose vectors Eq. 8 is tested by */
  graphTopics: number;
}

const training = { epochs: 1, batch: 8, warmup: paperTraining.warmup };
const common = { candidates: 8, maxNewTokens: 112, wrongValues: 5 };

const quick: ProseSize = {
  ...common,
  topics: 20,
  searchTopics: 20,
  validationTopics: 8,
  testTopics: 20,
  samples: 2,
  seeds: 1,
  rates: [1e-5, 3e-5],
  betas: [0.1],
  training: { ...training, batch: 4 },
  bestOf: 8,
  bestOfTopics: 6,
  probedTopics: 12,
  graphTopics: 120,
};

const sizes: Readonly<Record<PresetName, ProseSize>> = {
  smoke: {
    ...common,
    candidates: 3,
    maxNewTokens: 40,
    topics: 4,
    searchTopics: 4,
    validationTopics: 2,
    testTopics: 3,
    samples: 2,
    seeds: 1,
    rates: [1e-5],
    betas: [0.1],
    training: { ...training, batch: 2 },
    bestOf: 2,
    bestOfTopics: 2,
    probedTopics: 1,
    wrongValues: 2,
    graphTopics: 6,
  },
  small: quick,
  quick,
  medium: {
    ...quick,
    training,
    topics: 48,
    searchTopics: 24,
    validationTopics: 16,
    testTopics: 40,
    bestOf: 16,
    bestOfTopics: 12,
    probedTopics: 30,
  },
  hour: {
    ...quick,
    training,
    topics: 96,
    searchTopics: 48,
    validationTopics: 24,
    testTopics: 60,
    bestOf: 32,
    bestOfTopics: 20,
    probedTopics: 60,
    graphTopics: 480,
  },
  full: {
    ...common,
    topics: 320,
    searchTopics: 96,
    validationTopics: 60,
    testTopics: 100,
    samples: 4,
    seeds: 3,
    rates: [3e-6, 1e-5, 3e-5],
    betas: [0.05, 0.2],
    training,
    bestOf: 64,
    bestOfTopics: 40,
    probedTopics: 100,
    graphTopics: 480,
  },
};

export function proseSize(preset: PresetName): ProseSize {
  return sizes[preset];
}
