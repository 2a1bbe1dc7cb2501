/**
 * How strongly an objective holds to its reference, or asks for its margin: the options that a grid of rates and
 * strengths varies. Defaults differ by orders of magnitude among objectives, so a strength is a factor on them.
 */
import { chooseObjective, objectiveNamed, optionsOf, type ObjectiveChoice } from "./registry";

/** Names of the options that are scaled; none for an objective without options. */
export function strengthOptions(name: string): readonly string[] {
  const objective = objectiveNamed(name);
  return objective.strength ?? Object.keys(objective.options.shape).slice(0, 1);
}

/** An objective whose strength is its default times a factor; the other options have their defaults. */
export function withStrength(name: string, factor: number): ObjectiveChoice {
  const scaled = new Set(strengthOptions(name));
  const given = optionsOf(objectiveNamed(name)).flatMap(({ key, preset }): [string, number][] =>
    scaled.has(key) && preset !== undefined ? [[key, Number((preset * factor).toPrecision(12))]] : [],
  );
  return chooseObjective(name, Object.fromEntries(given));
}
