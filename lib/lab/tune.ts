/**
 * Trying the grid: every arm of the studies is trained at each rate and strength on the pairs it has otherwise, as many
 * candidates, pairs and steps for each, and answers validation questions, which nothing else is measured on. Trials are
 * experiments: each runs once, and what was stopped goes on.
 */
import { writeFileAtomic } from "../base/files";
import { Rng } from "../base/rng";
import type { Measure } from "../evaluation/answerTotals";
import { perAnswer, scoreOf, type Arm } from "../evaluation/arm";
import type { ExperimentRequest, ExperimentResult } from "./experiment";
import { policyArm } from "./runArms";
import { runExperiments } from "./runExperiments";
import type { Session } from "./session";
import { experimentOf, recipeOf, type ArmSpec, type Setting } from "./study";
import {
  isSameRecipe,
  nextTrials,
  type Recipe,
  type Trial,
  type TrialSettings,
  type TunedArm,
  type Tuning,
} from "./tuning";

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

/** What training a request at some points is. */
export function trialsOf(
  session: Session,
  { setting }: TuneRequest,
  points: readonly TrialSettings[],
): ExperimentRequest[] {
  return points.map(({ lr, objective }) => ({
    experiment: experimentOf(session, session.seed, { ...setting, training: { lr, objective } }),
    evaluations: [evaluation],
  }));
}

/** Runs what is missing of all grids together, and adds them to what was kept. @throws UserError as `runExperiments` */
export async function tune(session: Session, requests: readonly TuneRequest[]): Promise<Tuning> {
  const { preset, seed, engine, tuning } = session;
  const madeWith = { preset: preset.name, seed, engine: engine.name };
  const base = {
    ...madeWith,
    ...scoresOf(session, await policyArm(session, "base", "base", evaluation, 1)),
  };
  const found = await tryAll(session, requests, base);
  const arms = requests.map(({ label, recipe }, i) => ({ label, recipe, ...madeWith, ...found[i]! }));
  return {
    bases: [...tuning.bases.filter((old) => old.preset !== preset.name), base],
    arms: [...tuning.arms.filter((old) => !arms.some((arm) => arm.preset === old.preset && isSame(arm, old))), ...arms],
  };
}

type Found = Pick<TunedArm, "k" | "pairs" | "steps" | "trials">;

/** Grids and climbs, in rounds: what all requests try next runs side by side. */
async function tryAll(
  session: Session,
  requests: readonly TuneRequest[],
  base: Pick<Trial, "facts">,
): Promise<Found[]> {
  const tried = requests.map(() => ({ trials: [] as Trial[], results: [] as ExperimentResult[] }));
  for (;;) {
    const next = requests.map(({ recipe }, i) => nextTrials(session.preset, recipe.objective, tried[i]!.trials, base));
    if (next.every((points) => points.length === 0)) break;
    const trials = requests.map((request, i) => trialsOf(session, request, next[i]!));
    const results = await runExperiments(session, trials.flat());
    let start = 0;
    next.forEach((points, i) => {
      const own = results.slice(start, (start += points.length));
      tried[i]!.results.push(...own);
      tried[i]!.trials.push(...points.map((point, j) => ({ ...point, ...resultScores(session, own[j]!) })));
    });
  }
  return tried.map(({ trials, results }) => {
    const { pairs, steps, experiment } = results[0]!;
    return { k: experiment.pairs.k, pairs, steps, trials };
  });
}

const isSame = (one: { recipe: Recipe }, other: { recipe: Recipe }) => isSameRecipe(one.recipe, other.recipe);

function resultScores(session: Session, { answers, run }: ExperimentResult): ReturnType<typeof scoresOf> {
  return scoresOf(session, { label: run, seeds: [answers[evaluation]!], runs: [run] });
}

function scoresOf({ seed }: Session, arm: Arm): Omit<Trial, keyof TrialSettings> {
  const { value, low, high } = scoreOf(arm, "score", new Rng(seed).fork("tuning").fork(arm.label));
  const of = (measure: Measure) => perAnswer(arm, measure);
  return {
    score: { value, low, high },
    correct: of("correct"),
    incorrect: of("incorrect"),
    noFact: of("noFact"),
    facts: of("facts"),
    characters: of("characters"),
    run: arm.runs[0]!,
  };
}

/** For `readTuning`. */
export function writeTuning(tuning: Tuning, file: string): void {
  writeFileAtomic(file, `${JSON.stringify(tuning, null, 1)}\n`);
}

/** Without what is not given: an absent key is the preset's. */
function given<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}
