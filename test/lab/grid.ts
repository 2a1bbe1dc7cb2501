/** A grid that was kept, of which one point is the best. */
import { chooseObjective } from "../../lib/align/objective/registry";
import type { Recipe, Trial, TunedArm, Tuning } from "../../lib/lab/tuning";

/** A point and its score. */
export function point(lr: number, score: number, more: Partial<Trial> = {}): Trial {
  return {
    lr,
    strength: 1,
    objective: chooseObjective("dpo", { beta: 0.1 }),
    score: { value: score, low: score - 1, high: score + 1 },
    correct: 6,
    incorrect: 3,
    noFact: 0.5,
    facts: 9,
    characters: 300,
    run: `experiment-${lr}`,
    ...more,
  };
}

/** Of which the best is at this rate. */
export function grid(recipe: Recipe, lr: number, more: Partial<TunedArm> = {}): TunedArm {
  const trials = [point(lr / 2, 50), point(lr, 60), point(lr * 2, 55)];
  const made = { preset: "smoke", seed: 1, engine: "native", k: 4, pairs: 18, steps: 3 } as const;
  return { label: recipe.mask, recipe, ...made, trials, ...more };
}

/** What a base told, beside a grid. */
export function told(facts: number, preset: TunedArm["preset"] = "smoke"): Tuning["bases"][number] {
  const { lr: _, strength: __, objective: ___, ...scores } = point(0, 50, { facts });
  return { preset, seed: 1, engine: "native", ...scores };
}
