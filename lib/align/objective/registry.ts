/** The objectives there are, and the choice of one with its options. */
import { z } from "zod";
import { UserError } from "../../base/check";
import { isOwn, OwnPieces, type OwnName } from "../../base/own";
import { dpo } from "./dpo";
import { ipo } from "./ipo";
import type { Objective, OptionShape } from "./objective";
import { simpo } from "./simpo";

/** In the order of `--help`. */
export const objectives: readonly Objective[] = [dpo, ipo, simpo];

const ownObjectives = new OwnPieces<Objective>("an objective", "defineObjective");

/** An objective of one's own, for this process. @returns its name, for `chooseObjective` */
export function defineObjective<S extends OptionShape>(objective: Objective<S>): OwnName {
  const source = `${String(objective.losses)} ${objective.reference}`;
  return ownObjectives.add(objective.name, objective as unknown as Objective, source);
}

/** An objective by name with its options: what is sent to workers, hashed and written into run records. */
export const objectiveChoiceSchema = z.object({ name: z.string(), options: z.record(z.string(), z.number()) }).strict();
export type ObjectiveChoice = z.output<typeof objectiveChoiceSchema>;

/** @throws UserError for an unknown name */
export function objectiveNamed(name: string): Objective {
  if (isOwn(name)) return ownObjectives.get(name);
  const found = objectives.find((objective) => objective.name === name);
  if (found) return found;
  throw new UserError({
    where: "--objective",
    expected: objectives.map((objective) => objective.name).join(" | "),
    got: name,
    fix: "See `mask-dpo train --help`.",
  });
}

/**
 * A choice with every option, the given ones checked.
 * @throws UserError for an unknown objective or option, or a value out of range
 */
export function chooseObjective(name: string, given: Readonly<Record<string, number>> = {}): ObjectiveChoice {
  const { options: schema } = objectiveNamed(name);
  const parsed = schema.strict().safeParse(given);
  if (parsed.success) return { name, options: parsed.data };
  const [issue] = parsed.error.issues;
  const key = issue!.code === "unrecognized_keys" ? issue!.keys[0]! : String(issue!.path[0]);
  const known = key in schema.shape;
  throw new UserError({
    where: `--option ${key}`,
    expected: known ? issue!.message : `an option of ${name}: ${Object.keys(schema.shape).join(", ")}`,
    got: known ? String(given[key]) : key,
    fix: "See `mask-dpo train --help`.",
  });
}

/** `beta 0.1`, say. */
export function describeOptions({ options }: ObjectiveChoice): string {
  return Object.entries(options)
    .map(([key, value]) => `${key} ${value}`)
    .join(", ");
}
