/** A row of `mask-dpo loss`, and what an objective takes of it, in float64. */
import { z } from "zod";
import { UserError } from "../../base/check";
import { sum } from "../../base/collections";
import { countedSentences } from "../sentences";
import type { Need, Pair, Sentence, SideParts } from "./objective";
import { Scalar } from "./scalar";
import { meanAboveZero } from "./zeroPoint";

const numbers = z.array(z.number());
const label = z.union([z.literal(0), z.literal(1)]);
const sentence = z.object({ start: z.number().int().min(0), end: z.number().int().min(0), label }).strict();
/** [T] over the tokens of a completion, its closing token included. */
const tokensSchema = z
  .object({
    /** log-probabilities under the policy */
    logps: numbers,
    /** the same under the reference; only looked at by objectives that have one */
    reference: z.array(z.number().nullable()).nullish(),
    /** >= 0; default: all 1 */
    weights: z.array(z.number().nonnegative()).optional(),
    /** those with a label, 1 for a hallucination, by tokens */
    sentences: z.array(sentence).optional(),
  })
  .strict();
const sideSchema = tokensSchema
  .extend({
    /** KL divergences over the vocabulary, of the direction that the objective takes; constants */
    kl: numbers.optional(),
    /** logs of the sum of squared probabilities over the vocabulary; constants */
    logSumSquares: numbers.optional(),
    /** 1 for a side with a hallucination; default: 0 of chosen, 1 of rejected */
    label: label.optional(),
    /** the same completion behind another prompt: its log-ratio counts for the zero points of all rows */
    mismatched: tokensSchema.optional(),
  })
  .strict();
const zero = z.number().nonnegative().optional();
export const lossRowSchema = z
  .object({
    id: z.union([z.string(), z.number()]),
    chosen: sideSchema,
    rejected: sideSchema,
    /** zero points; default: estimated from all `mismatched` of the file */
    z0: zero,
    sentenceZ0: zero,
  })
  .strict();
export type LossRowGiven = z.output<typeof lossRowSchema>;
type GivenSide = z.output<typeof sideSchema>;
type Tokens = z.output<typeof tokensSchema>;

export type ZeroPoints = Partial<Record<"zero" | "sentenceZero", number>>;

/** Zero points of a file's rows from their mismatched completions; none where there are none. */
export function zeroPointsOf(rows: readonly { row: Pair<GivenSide>; where: string }[], objective: string): ZeroPoints {
  const wholes: number[] = [];
  const parts: number[] = [];
  for (const { row, where } of rows)
    for (const side of ["chosen", "rejected"] as const) {
      const { mismatched } = row[side];
      if (!mismatched) continue;
      const place = `${where} ${side} mismatched`;
      const weights = weightsOf(mismatched, place);
      const references = referenceOf(mismatched, weights, place, objective);
      const apart = mismatched.logps.map((value, t) => (weights[t]! > 0 ? weights[t]! * (value - references[t]!) : 0));
      wholes.push(sum(apart));
      const { slots, labels } = countedSentences(weights, sentencesOf(mismatched, place));
      parts.push(...labels.map((_, slot) => apart.reduce((sum, x, t) => (slots[t] === slot ? sum + x : sum), 0)));
    }
  return {
    ...(wholes.length > 0 && { zero: meanAboveZero(wholes) }),
    ...(parts.length > 0 && { sentenceZero: meanAboveZero(parts) }),
  };
}

/** Weights [T] of a side. @throws UserError naming the place of other lengths */
export function weightsOf({ logps, weights = logps.map(() => 1) }: Tokens, where: string): number[] {
  checkLength(weights, logps, "weights", where);
  return weights;
}

/** Of a row for which the objective divides by the number of tokens that count, and a side has none. */
export function empty(where: string, objective: string): UserError {
  return new UserError({
    where,
    expected: `a token with a weight above 0 on the sides of which ${objective} takes a mean over tokens`,
    got: "none",
    fix: "Leave out pairs of which a mask empties a side, as training does.",
  });
}

/** What an objective takes of a side of tokens `inputs` [T]. @throws UserError for what it needs and is not there */
export function partsOf(
  given: GivenSide,
  {
    inputs,
    weights,
    needs,
    where,
    objective,
  }: {
    inputs: readonly Scalar[];
    weights: readonly number[];
    needs: ReadonlySet<Need>;
    where: string;
    objective: string;
  },
): SideParts<Scalar> {
  const counted = weights.map((weight) => (weight > 0 ? 1 : 0));
  const tokens = new Scalar(counted.reduce<number>((a, b) => a + b, 0));
  const logps = Scalar.weightedSum(inputs, weights);
  const parts: Partial<SideParts<Scalar>> = { logps, tokens };
  const constant = (key: "kl" | "logSumSquares", by: readonly number[]): Scalar => {
    const values = given[key];
    if (!values) throw missing(where, key, objective);
    checkLength(values, given.logps, key, where);
    return new Scalar(values.reduce((sum, value, t) => (by[t]! > 0 ? sum + by[t]! * value : sum), 0));
  };
  if (needs.has("logratio")) {
    const references = referenceOf(given, weights, where, objective);
    const of = (weights: readonly number[]) => references.reduce((sum, value, t) => sum + weights[t]! * value, 0);
    parts.logratio = logps.sub(of(weights));
    if (needs.has("sentences")) {
      const { slots, labels } = countedSentences(weights, sentencesOf(given, where));
      parts.sentences = labels.map((label, slot): Sentence<Scalar> => {
        const own = weights.map((weight, t) => (slots[t] === slot ? weight : 0));
        return {
          logratio: Scalar.weightedSum(inputs, own).sub(of(own)),
          right: new Scalar(1 - label),
          wrong: new Scalar(label),
        };
      });
    }
  }
  if (needs.has("forwardKl")) parts.forwardKl = constant("kl", weights);
  if (needs.has("reverseKl")) parts.reverseKl = constant("kl", weights);
  if (needs.has("alignment"))
    parts.alignment = Scalar.weightedSum(inputs, counted).sub(constant("logSumSquares", counted)).div(tokens);
  return parts as SideParts<Scalar>;
}

/** Log-probabilities under the reference, 0 for tokens that do not count. */
function referenceOf({ logps, reference }: Tokens, weights: readonly number[], where: string, name: string): number[] {
  if (!reference) {
    throw new UserError({
      where,
      expected: `"reference", the log-probabilities that ${name} compares with`,
      got: "none",
      fix: "Add them, or choose an objective without a reference.",
    });
  }
  checkLength(reference, logps, "reference", where);
  return reference.map((value, t) => {
    if (!(weights[t]! > 0)) return 0;
    if (value !== null) return value;
    throw new UserError({
      where,
      expected: "a number for every token that counts",
      got: `null at ${t} of "reference"`,
      fix: "Compute it, or give the token weight 0.",
    });
  });
}

function sentencesOf({ logps, sentences = [] }: Tokens, where: string) {
  const of = new Int32Array(logps.length).fill(-1);
  sentences.forEach(({ start, end }, i) => {
    if (start < end && end <= logps.length && of.subarray(start, end).every((sentence) => sentence < 0)) {
      of.fill(i, start, end);
      return;
    }
    throw new UserError({
      where,
      expected: `sentences of some of ${logps.length} tokens, of which none is in two`,
      got: `${start} to ${end}`,
      fix: "Give start, and end behind the last token.",
    });
  });
  return { of, labels: sentences.map(({ label }) => label) };
}

export function missing(where: string, key: string, objective: string): UserError {
  return new UserError({
    where,
    expected: `"${key}", which ${objective} needs`,
    got: "none",
    fix: "See `mask-dpo loss --help`.",
  });
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
