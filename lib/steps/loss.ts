/**
 * `mask-dpo loss`: an objective and its gradient on given log-probabilities, in float64 and without an engine, so that
 * other trainers can be checked against it.
 */
import { z } from "zod";
import { objectiveNamed, type ObjectiveChoice } from "../align/objective/registry";
import type { Pair, PairLosses, ReferredSide, Side } from "../align/objective/objective";
import { Scalar } from "../align/objective/scalar";
import { UserError } from "../base/check";
import { readNumberedJsonl, required, writeJsonl } from "../base/jsonl";

const numbers = z.array(z.number());
/** [T] over the tokens of a completion, its closing token included. */
const sideSchema = z
  .object({
    /** log-probabilities under the policy */
    logps: numbers,
    /** the same under the reference; only looked at by objectives that have one */
    reference: z.array(z.number().nullable()).nullish(),
    /** >= 0; default: all 1 */
    weights: z.array(z.number().nonnegative()).optional(),
  })
  .strict();
type GivenSide = z.output<typeof sideSchema>;
export const logpsPairSchema = z
  .object({ id: z.union([z.string(), z.number()]), chosen: sideSchema, rejected: sideSchema })
  .strict();

/** The row's own loss, and its gradients with respect to `logps`, in the order given. */
export interface LossRow {
  id: string | number;
  loss: number;
  chosenGradient: number[];
  rejectedGradient: number[];
}

/** @throws UserError naming the line of a side without tokens that count, of other lengths, or without its reference */
export function lossVerb(objective: ObjectiveChoice, input: string, out: string): number {
  const rows = required(readNumberedJsonl(input, logpsPairSchema), input, "row");
  writeJsonl(
    out,
    rows.map(({ row, line }): LossRow => {
      const given = { chosen: row.chosen, rejected: row.rejected };
      return { id: row.id, ...pairLoss(objective, given, `${input}:${line}`) };
    }),
  );
  return rows.length;
}

/** Loss of one pair and its gradients. @param where for errors */
export function pairLoss(
  { name, options }: ObjectiveChoice,
  given: Pair<GivenSide>,
  where: string,
): Omit<LossRow, "id"> {
  const objective = objectiveNamed(name);
  const sides = {
    chosen: sumsOf(given.chosen, `${where} chosen`),
    rejected: sumsOf(given.rejected, `${where} rejected`),
  };
  let result: PairLosses<Scalar>;
  if (objective.reference) {
    const referred = (key: keyof Pair<Side<Scalar>>): ReferredSide<Scalar> => ({
      ...sides[key].side,
      logratio: sides[key].side.logps.sub(referenceSum(given[key], sides[key].weights, `${where} ${key}`, name)),
    });
    result = objective.losses({ chosen: referred("chosen"), rejected: referred("rejected") }, options);
  } else result = objective.losses({ chosen: sides.chosen.side, rejected: sides.rejected.side }, options);
  const inputs = [sides.chosen.side.logps, sides.rejected.side.logps];
  const [chosenSlope, rejectedSlope] = result.losses.gradient(inputs) as [number, number];
  const times = (slope: number, weights: readonly number[]) =>
    weights.map((weight) => (weight > 0 ? slope * weight : 0));
  return {
    loss: result.losses.value,
    chosenGradient: times(chosenSlope, sides.chosen.weights),
    rejectedGradient: times(rejectedSlope, sides.rejected.weights),
  };
}

/** Sums of a side, and the weights of its tokens. */
function sumsOf(
  { logps, weights = logps.map(() => 1) }: GivenSide,
  where: string,
): { side: Side<Scalar>; weights: number[] } {
  checkLength(weights, logps, "weights", where);
  const tokens = weights.filter((weight) => weight > 0).length;
  if (tokens === 0) {
    throw new UserError({
      where,
      expected: "at least one token with a weight above 0",
      got: "none",
      fix: "Leave out pairs of which a mask empties a side, as training does.",
    });
  }
  const sum = logps.reduce((total, value, t) => (weights[t]! > 0 ? total + weights[t]! * value : total), 0);
  return { side: { logps: new Scalar(sum), tokens: new Scalar(tokens) }, weights };
}

function referenceSum(
  { logps, reference }: GivenSide,
  weights: readonly number[],
  where: string,
  name: string,
): number {
  if (!reference) {
    throw new UserError({
      where,
      expected: `"reference", the log-probabilities that ${name} compares with`,
      got: "none",
      fix: "Add them, or choose an objective without a reference.",
    });
  }
  checkLength(reference, logps, "reference", where);
  return reference.reduce<number>((total, value, t) => {
    if (!(weights[t]! > 0)) return total;
    if (value !== null) return total + weights[t]! * value;
    throw new UserError({
      where,
      expected: "a number for every token that counts",
      got: `null at ${t} of "reference"`,
      fix: "Compute it, or give the token weight 0.",
    });
  }, 0);
}

function checkLength(values: readonly unknown[], logps: readonly unknown[], key: string, where: string): void {
  if (values.length === logps.length) return;
  throw new UserError({
    where,
    expected: `${logps.length} values of "${key}", as many as "logps"`,
    got: String(values.length),
    fix: "Give one value a token.",
  });
}
