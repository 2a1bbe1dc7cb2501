/**
 * The probe: what a policy knows, apart from what it says. Each value of a closed question is an answer, and its
 * log-probability as a whole answer (end of turn included) says how much the policy believes it, normalised over the
 * question's values. Choosing at random gives 1 / values.
 */
import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { chunks, sum } from "../../base/collections";
import { breathe, startProgress } from "../../base/progress";
import { tokenLogps } from "../../align/logps";
import type { Policy } from "../../model/policy";
import { encodeAnswer } from "../../text/answer";
import { promptIds } from "../../text/prompt";
import type { ClosedQuestion } from "../../world/closedQuestions";

export const probedSchema = z
  .object({
    topic: z.string(),
    relation: z.string(),
    /** of the right value, in [0, 1]; the values' add up to 1 */
    probability: z.number(),
    /** whether none is likelier */
    right: z.boolean(),
    values: z.number().int(),
  })
  .strict();
export type Probed = z.output<typeof probedSchema>;

/** Questions in a forward pass. */
const chunkQuestions = 4;

/** Probabilities of right values, in the order of the questions. */
export async function probe(
  { model, params, tokenizer }: Pick<Policy, "model" | "params" | "tokenizer">,
  questions: readonly ClosedQuestion[],
): Promise<Probed[]> {
  const progress = startProgress("closed questions", questions.length);
  const probed: Probed[] = [];
  try {
    for (const some of chunks(questions, chunkQuestions)) {
      const sequences = some.flatMap(({ prompt, values }) => values.map((value) => answered(tokenizer, prompt, value)));
      const values = tf.tidy(() => tokenLogps(model, params, sequences));
      const logps = await values.data<"float32">();
      values.dispose();
      let at = 0;
      const sums = sequences.map(({ weights }) => {
        const own = weights.filter((weight) => weight > 0).length;
        return sum(logps.subarray(at, (at += own)));
      });
      let first = 0;
      for (const { topic, relation, values: all } of some)
        probed.push({ topic, relation, ...ofRight(sums.slice(first, (first += all.length))), values: all.length });
      progress.update(probed.length);
      await breathe();
    }
  } finally {
    progress.stop();
  }
  return probed;
}

/** Prompt, value and end of turn [T]; the value's tokens and the end count. */
function answered(
  tokenizer: Policy["tokenizer"],
  prompt: ClosedQuestion["prompt"],
  value: string,
): { ids: Int32Array; weights: Float32Array } {
  const { ids: own, promptIds: before = promptIds(tokenizer, prompt) } = encodeAnswer(tokenizer, prompt, value);
  const ids = Int32Array.from([...before, ...own, tokenizer.eosId]);
  return { ids, weights: new Float32Array(ids.length).fill(1, before.length) };
}

/** Of log-probabilities of which the first is the right value's. */
function ofRight(logps: readonly number[]): Pick<Probed, "probability" | "right"> {
  const most = Math.max(...logps);
  const odds = logps.map((value) => Math.exp(value - most));
  return { probability: odds[0]! / sum(odds), right: logps[0] === most };
}
