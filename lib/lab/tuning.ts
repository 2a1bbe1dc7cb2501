/**
 * One rule for every arm: its learning rate and its objective's strength are the best of the same grid, by the same
 * rule (`telling.ts`), on validation topics. Here is what was tried and kept, and what follows from it; `tune.ts` does
 * the trying.
 */
import { existsSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { strengthOptions, withStrength } from "../align/objective/strength";
import { objectiveChoiceSchema } from "../align/objective/registry";
import type { TrainOptions } from "../align/trainOptions";
import { canonicalJson } from "../base/hash";
import { parseJson, parseRow } from "../base/jsonl";
import { readText } from "../base/textFile";
import { atlasFolder } from "../world/facts";
import type { WorldName } from "../world/worlds";
import { presetNames, type Preset } from "./preset";
import { bestTelling } from "./telling";

/** What is tuned: an arm without its sizes and seeds. */
const recipeSchema = z
  .object({
    objective: z.string(),
    mask: z.string(),
    /** of the candidates: the policy that is aligned, or another one */
    author: z.enum(["own", "another"]),
    document: z.boolean(),
    annotator: z.string(),
  })
  .strict();
export type Recipe = z.output<typeof recipeSchema>;

const number = z.number();
const scoresSchema = {
  /** percent, of sentences (§3.1), sampled */
  score: z.object({ value: number, low: number, high: number }).strict(),
  /** per answer */
  correct: number,
  incorrect: number,
  noFact: number,
  /** different ones, right or wrong */
  facts: number,
  characters: number,
  /** run folder that it is from */
  run: z.string(),
};
const settingsSchema = { lr: number, strength: number, objective: objectiveChoiceSchema };
const trialSchema = z.object({ ...settingsSchema, ...scoresSchema }).strict();
export type Trial = z.output<typeof trialSchema>;

const madeWith = { preset: z.enum(presetNames), seed: number, engine: z.string() };
const tunedArmSchema = z
  .object({ label: z.string(), recipe: recipeSchema, ...madeWith, k: number, pairs: number, steps: number })
  .extend({ trials: z.array(trialSchema).min(1) })
  .strict();
export type TunedArm = z.output<typeof tunedArmSchema>;

const tuningSchema = z
  .object({ bases: z.array(z.object({ ...madeWith, ...scoresSchema }).strict()), arms: z.array(tunedArmSchema) })
  .strict();
/** All grids that were kept, and the base's scores on the same questions. */
export type Tuning = z.output<typeof tuningSchema>;

/** Each world has grids of its own. */
export function tuningFile(world: WorldName, folder = atlasFolder): string {
  return path.join(folder, world === "atlas" ? "tuning.json" : `tuning-${world}.json`);
}

/** What was kept; nothing where there is no file. @throws UserError for a damaged one */
export function readTuning(file: string): Tuning {
  return existsSync(file) ? parseRow(tuningSchema, parseJson(readText(file), file), file) : { bases: [], arms: [] };
}

/** Factors on the preset's rate, and on an objective's default strength. The middle is what is taken untuned. */
export const rateFactors = [0.5, 1, 2] as const;
export const strengthFactors = [1, 5, 10] as const;
export const centre = { rate: 1, strength: 5 } as const;

/** Up to this factor on the preset's rate is climbed. */
const highestFactor = 16;

/** A point of the grid, or of the climb. */
export type TrialSettings = Pick<Trial, "lr" | "strength" | "objective">;

/** The grid of an objective, the same for all; one without a strength has its rates only. */
export function gridOf({ training }: Pick<Preset, "training">, objective: string): TrialSettings[] {
  const strengths = strengthOptions(objective).length > 0 ? strengthFactors : [centre.strength];
  return rateFactors.flatMap((rate) => strengths.map((strength) => settings(training, objective, rate, strength)));
}

/**
 * What an arm tries next: its grid; then, as long as the best has the highest rate that was tried, twice that rate at
 * the best's strength. Nothing once the score has fallen, or at 16 times the preset's rate.
 */
export function nextTrials(
  { training }: Pick<Preset, "training">,
  objective: string,
  trials: readonly Trial[],
  base: Told,
): TrialSettings[] {
  if (trials.length === 0) return gridOf({ training }, objective);
  const { lr, strength } = bestTrial(trials, base);
  const factor = lr / training.lr;
  if (trials.some((trial) => trial.lr > lr) || factor > highestFactor / 2) return [];
  return [settings(training, objective, 2 * factor, strength)];
}

function settings({ lr }: Pick<TrainOptions, "lr">, objective: string, rate: number, strength: number): TrialSettings {
  return { lr: Number((lr * rate).toPrecision(12)), strength, objective: withStrength(objective, strength) };
}

/** The base's answers to the same questions. */
type Told = Pick<Trial, "facts">;

/** The best by score of what tells enough; of equal ones the first, which has the smaller rate. */
export function bestTrial(trials: readonly Trial[], base: Told): Trial {
  return bestTelling(trials, base.facts, { score: ({ score }) => score.value, told: ({ facts }) => facts });
}

/** Of an arm that was tried. @throws Error as `baseOf` */
export function chosenTrial(tuning: Tuning, { preset, trials }: TunedArm): Trial {
  return bestTrial(trials, baseOf(tuning, preset));
}

/** The base's scores at a preset. @throws Error where they were not kept with its grids */
export function baseOf({ bases }: Tuning, preset: Preset["name"]): Tuning["bases"][number] {
  const base = bases.find((row) => row.preset === preset);
  if (!base) throw new Error(`baseOf: expected the base's scores at ${preset} beside its grids`);
  return base;
}

/** The grid of a recipe: of this preset where it was tried, else of the largest where it was. */
export function tunedArm({ arms }: Tuning, preset: Pick<Preset, "name">, recipe: Recipe): TunedArm | undefined {
  const own = arms.filter((arm) => isSameRecipe(arm.recipe, recipe));
  const bySize = [preset.name, ...presetNames.slice().reverse()];
  return bySize.flatMap((name) => own.find((arm) => arm.preset === name) ?? [])[0];
}

export function isSameRecipe(one: Recipe, other: Recipe): boolean {
  return canonicalJson(one) === canonicalJson(other);
}

/** Rate and objective of a recipe: the best of its grid, or the middle where none was kept. */
export function tunedTraining(tuning: Tuning, preset: Preset, recipe: Recipe): Pick<TrainOptions, "lr" | "objective"> {
  const arm = tunedArm(tuning, preset, recipe);
  if (!arm) return untunedTraining(preset, recipe.objective);
  const { lr, objective } = chosenTrial(tuning, arm);
  return { lr, objective };
}

/** The middle of the grid, which is the same for every arm. */
export function untunedTraining({ training }: Preset, objective: string): Pick<TrainOptions, "lr" | "objective"> {
  const { strength: _, ...middle } = settings(training, objective, centre.rate, centre.strength);
  return middle;
}
