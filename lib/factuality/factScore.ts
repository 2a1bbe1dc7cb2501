/**
 * FActScore (Min et al. 2023, §3.1): the share of a response's atomic facts that a knowledge source supports, averaged
 * over the topics to which the model responds.
 *
 * Irrelevant facts count in the denominator: only so do the authors' human labels give their published scores. A
 * response without any fact is no response. The official code also offers a penalty on short responses: the share times
 * exp(1 - gamma / n) where n facts are fewer than gamma (10). Intervals: BCa bootstrap over topics (not in the paper).
 */
import { z } from "zod";
import { UserError } from "../base/check";
import type { Rng } from "../base/rng";
import { type BootstrapOptions, type Interval, bootstrap, ratio } from "../base/stats";

/** Supported, not supported, irrelevant to the topic. */
export const factLabelSchema = z.enum(["S", "NS", "IR"]);
export type FactLabel = z.infer<typeof factLabelSchema>;

/** gamma of the official code. */
export const officialGamma = 10;

export interface FactScore {
  topics: number;
  /** Topics with a response that has at least one fact. */
  responding: number;
  /** Facts by label, over all responses. */
  facts: Record<FactLabel, number>;
  /** Mean share of supported facts, and the same with the length penalty. */
  score: Interval;
  penalised: Interval;
  respondRatio: Interval;
  factsPerResponse: Interval;
}

/** What a response of n facts (at least 1) keeps of its score. */
export function lengthPenalty(n: number): number {
  return n < officialGamma ? Math.exp(1 - officialGamma / n) : 1;
}

/**
 * @param responses per topic the labels of all facts; none, or null, where the model did not respond
 * @throws UserError where it never responded
 */
export function factScore(
  responses: readonly (readonly FactLabel[] | null)[],
  rng: Rng,
  options: BootstrapOptions = {},
): FactScore {
  const given = responses.flatMap((labels) => (labels && labels.length > 0 ? [labels] : []));
  if (given.length === 0)
    throw new UserError({
      where: "FActScore",
      expected: "at least one response with facts",
      got: `none in ${responses.length} topics`,
      fix: "Check the label file.",
    });
  const count = (labels: readonly FactLabel[], label: FactLabel): number => labels.filter((l) => l === label).length;
  const shares = given.map((labels) => count(labels, "S") / labels.length);
  const averaged = (name: string, values: number[]): Interval =>
    bootstrap([values, values.map(() => 1)], ratio, rng.fork(name), options);
  const all = given.flat();
  return {
    topics: responses.length,
    responding: given.length,
    facts: { S: count(all, "S"), NS: count(all, "NS"), IR: count(all, "IR") },
    score: averaged("score", shares),
    penalised: averaged(
      "penalised",
      shares.map((share, i) => share * lengthPenalty(given[i]!.length)),
    ),
    respondRatio: averaged(
      "respondRatio",
      responses.map((labels) => (labels && labels.length > 0 ? 1 : 0)),
    ),
    factsPerResponse: averaged(
      "factsPerResponse",
      given.map((labels) => labels.length),
    ),
  };
}
