/**
 * Trying the grid: every arm of the studies is trained at each rate and strength on the pairs it has otherwise, as many
 * candidates, pairs and steps for each, and answers validation questions, which nothing else is measured on. Trials are
 * experiments: each runs once, and what was stopped goes on.
 */
import { writeFileAtomic } from "../base/files";
import { Rng } from "../base/rng";
import { perAnswer, scoreOf, type Arm } from "../evaluation/arm";
import type { ExperimentRequest, ExperimentResult } from "./experiment";
import { policyArm } from "./runArms";
import { runExperiments } from "./runExperiments";
import type { Session } from "./session";
import { experimentOf, recipeOf, type ArmSpec, type Setting } from "./study";
import { gridOf, isSameRecipe, type Recipe, type Trial, type Tuning, tuningFile } from "./tuning";

/** Where all scores come from. */
const evaluation = "validation sampled";

/** A recipe under the name of the first arm that has it, and how it is run. */
export interface TuneRequest {
  label: string;
  recipe: Recipe;
  setting: Setting;
}

/** Each recipe of some arms once, at the preset's size, on the policy that is aligned. */
export function recipesOf(session: Session, specs: readonly ArmSpec[]): TuneRequest[] {
  const requests: TuneRequest[] = [];
  for (const { label, setting } of specs) {
    const recipe = recipeOf(session, setting);
    if (requests.some((request) => isSameRecipe(request.recipe, recipe))) continue;
    const { mask, objective, pairs: { document, annotator } = {} } = setting;
    const author = recipe.author === "own" ? "base" : "other";
    requests.push({
      label,
      recipe,
      setting: { mask, objective, pairs: { author, ...given({ document, annotator }) } },
    });
  }
  return requests;
}

/** What training a request at each point of its grid is; in the order of the grid. */
export function trialsOf(session: Session, { recipe, setting }: TuneRequest): ExperimentRequest[] {
  return gridOf(session.preset, recipe.objective).map(({ lr, objective }) => ({
    experiment: experimentOf(session, session.seed, { ...setting, training: { lr, objective } }),
    evaluations: [evaluation],
  }));
}

/** Runs what is missing of all grids together, and adds them to what was kept. @throws UserError as `runExperiments` */
export async function tune(session: Session, requests: readonly TuneRequest[]): Promise<Tuning> {
  const { preset, seed, engine, tuning } = session;
  const madeWith = { preset: preset.name, seed, engine: engine.name };
  const trials = requests.map((request) => trialsOf(session, request));
  const results = await runExperiments(session, trials.flat());
  const base = {
    ...madeWith,
    ...scoresOf(session, await policyArm(session, "base", "base", evaluation, 1)),
  };
  let start = 0;
  const arms = requests.map(({ label, recipe }, i) => {
    const own = results.slice(start, (start += trials[i]!.length));
    const { pairs, steps, experiment } = own[0]!;
    const sizes = { k: experiment.pairs.k, pairs, steps };
    return { label, recipe, ...madeWith, ...sizes, trials: gridOf(preset, recipe.objective).map(trial(session, own)) };
  });
  return {
    bases: [...tuning.bases.filter((old) => old.preset !== preset.name), base],
    arms: [...tuning.arms.filter((old) => !arms.some((arm) => arm.preset === old.preset && isSame(arm, old))), ...arms],
  };
}

const isSame = (one: { recipe: Recipe }, other: { recipe: Recipe }) => isSameRecipe(one.recipe, other.recipe);

function trial(
  session: Session,
  results: readonly ExperimentResult[],
): (settings: Pick<Trial, "lr" | "strength" | "objective">, i: number) => Trial {
  return (settings, i) => {
    const { answers, run } = results[i]!;
    return { ...settings, ...scoresOf(session, { label: run, seeds: [answers[evaluation]!], runs: [run] }) };
  };
}

function scoresOf(
  { seed }: Session,
  arm: Arm,
): Pick<Trial, "score" | "correct" | "incorrect" | "noFact" | "characters" | "run"> {
  const { value, low, high } = scoreOf(arm, "score", new Rng(seed).fork("tuning").fork(arm.label));
  const of = (measure: "correct" | "incorrect" | "noFact" | "characters") => perAnswer(arm, measure);
  return {
    score: { value, low, high },
    correct: of("correct"),
    incorrect: of("incorrect"),
    noFact: of("noFact"),
    characters: of("characters"),
    run: arm.runs[0]!,
  };
}

/** Keeps it where `readTuning` looks. */
export function writeTuning(tuning: Tuning, file = tuningFile): void {
  writeFileAtomic(file, `${JSON.stringify(tuning, null, 1)}\n`);
}

/** Without what is not given: an absent key is the preset's. */
function given<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}
