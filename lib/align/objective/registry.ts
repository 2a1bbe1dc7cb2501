/** The objectives there are, and the choice of one with its options. */
import { z } from "zod";
import { UserError } from "../../base/check";
import { isOwn, OwnPieces, type OwnName } from "../../base/own";
import { cpo } from "./likelihood/cpo";
import { dpoSft } from "./likelihood/dpoSft";
import { orpo } from "./likelihood/orpo";
import { sft } from "./likelihood/sft";
import { simpo } from "./likelihood/simpo";
import { slicHf } from "./likelihood/slicHf";
import type { Need, Objective, OptionShape } from "./objective";
import { apoDown } from "./pairwise/apoDown";
import { apoZero } from "./pairwise/apoZero";
import { bcoPair } from "./pairwise/bcoPair";
import { cdpo } from "./pairwise/cdpo";
import { dpo } from "./pairwise/dpo";
import { dpoNorm } from "./pairwise/dpoNorm";
import { dpop } from "./pairwise/dpop";
import { exo } from "./pairwise/exo";
import { fDpo } from "./pairwise/fDpo";
import { flexDpo } from "./pairwise/flexDpo";
import { hinge } from "./pairwise/hinge";
import { ipo } from "./pairwise/ipo";
import { ipoSum } from "./pairwise/ipoSum";
import { ldDpo } from "./pairwise/ldDpo";
import { nca } from "./pairwise/nca";
import { robust } from "./pairwise/robust";
import { sppoHard } from "./pairwise/sppoHard";
import { tdpo1 } from "./token/tdpo1";
import { tdpo2 } from "./token/tdpo2";
import { tisDpo } from "./token/tisDpo";
import { wpo } from "./token/wpo";
import { fkto } from "./unpaired/fkto";
import { kto } from "./unpaired/kto";

/** In the order of `--help`. */
export const objectives: readonly Objective[] = [
  dpo,
  cdpo,
  robust,
  hinge,
  ipo,
  ipoSum,
  dpoNorm,
  ldDpo,
  apoZero,
  apoDown,
  bcoPair,
  nca,
  sppoHard,
  exo,
  dpop,
  flexDpo,
  fDpo,
  tisDpo,
  tdpo1,
  tdpo2,
  wpo,
  kto,
  fkto,
  simpo,
  slicHf,
  cpo,
  orpo,
  sft,
  dpoSft,
];

const ownObjectives = new OwnPieces<Objective>("an objective", "defineObjective");

/** An objective of one's own, for this process. @returns its name, for `chooseObjective` */
export function defineObjective<S extends OptionShape, N extends Need>(objective: Objective<S, N>): OwnName {
  const source = [objective.losses.toString(), objective.needs.toString(), objective.reweigh?.toString()].join("\n");
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
  if (parsed.success) return { name, options: withoutAbsent(parsed.data) };
  const [issue] = parsed.error.issues;
  const key = issue!.code === "unrecognized_keys" ? issue!.keys[0]! : String(issue!.path[0]);
  const options = Object.keys(schema.shape);
  const known = options.includes(key);
  const none = `no option, as ${name} has none`;
  throw new UserError({
    where: `--option ${key}`,
    expected: known ? issue!.message : options.length > 0 ? `an option of ${name}: ${options.join(", ")}` : none,
    got: known ? String(given[key]) : key,
    fix: "See `mask-dpo train --help`.",
  });
}

/** Options of an objective as help and tables name them; without a `preset` one is left out unless it is given. */
export function optionsOf({ options }: Pick<Objective, "options">): {
  key: string;
  preset?: number;
  description: string;
}[] {
  return Object.entries(options.shape).map(([key, field]) => ({
    key,
    ...("defaultValue" in field._def && { preset: field._def.defaultValue() }),
    description: field.description ?? field._def.innerType.description ?? "",
  }));
}

/** An optional option that was not given has no key. */
function withoutAbsent(options: Readonly<Record<string, number | undefined>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(options).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}

/** What is computed for it, beside sums of log-probabilities under the policy. */
export function needsOf({ name, options }: ObjectiveChoice): ReadonlySet<Need> {
  return new Set(objectiveNamed(name).needs(options));
}

/** Whether the reference's distributions are needed, and so its weights in every step. */
export function needsDistributions(needs: ReadonlySet<Need>): boolean {
  return needs.has("forwardKl") || needs.has("reverseKl");
}

/** Whether an objective looks at the step as a whole. */
export function needsBatch(needs: ReadonlySet<Need>): boolean {
  return needs.has("zero") || needs.has("sentences");
}

/** `beta 0.1`, say. */
export function describeOptions({ options }: ObjectiveChoice): string {
  return Object.entries(options)
    .map(([key, value]) => `${key} ${value}`)
    .join(", ");
}
