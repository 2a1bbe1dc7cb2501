/** `mask-dpo logps`: masked sums of log-probabilities of pairs (Eq. 5). */
import path from "node:path";
import * as tf from "@tensorflow/tfjs";
import { chooseCompute } from "../align/processes/pool";
import { flatLayout, flatten } from "../align/flat";
import { cachedLogps } from "../align/reference";
import { someOf, UserError } from "../base/check";
import { writeJsonl } from "../base/jsonl";
import { loadPolicy, policyHash, startEngineFor } from "../model/policy";
import { tokenizePair, unmaskedTokens, type TokenizedPair } from "../preference/collate";
import type { MaskKind } from "../preference/mask";
import { promptIds } from "../text/prompt";
import { readRows } from "./rows";

export interface LogpsRequest {
  model: string;
  pairs: string;
  mask: MaskKind;
  seed: number;
  out: string;
}

/**
 * One row per pair: masked sums of log-probabilities and token counts of both sides; also of pairs whose mask empties a
 * side, of which training would learn nothing. Returns how many rows were written, and the questions of pairs left out
 * because they are too long.
 */
export async function logpsVerb(request: LogpsRequest): Promise<{ rows: number; leftOut: string[] }> {
  const { arithmetic, parallel } = await startEngineFor(request.model);
  const pairs = readRows("pair", request.pairs);
  const policy = loadPolicy(request.model);
  try {
    const {
      tokenizer,
      model: { config },
    } = policy;
    const all = pairs.map((pair) =>
      tokenizePair(pair, tokenizer, promptIds(tokenizer, pair.prompt), { mask: request.mask, seed: request.seed }),
    );
    const fits = ({ chosen, rejected }: TokenizedPair) =>
      Math.max(chosen.ids.length, rejected.ids.length) <= config.maxPositions;
    const tokenized = all.filter(fits);
    const leftOut = all.filter((pair) => !fits(pair)).map(({ questionId }) => questionId);
    if (tokenized.length === 0)
      throw new UserError({
        where: request.pairs,
        expected: `a pair within the model's ${config.maxPositions} positions`,
        got: `${all.length} longer ones (${someOf(leftOut)})`,
        fix: "Take a model with more positions.",
      });
    const layout = flatLayout(policy.params);
    const weights = flatten(Object.values(policy.params));
    tf.dispose(policy.params); // the vector has all that is needed of them
    const compute = chooseCompute(policy.model, layout, tokenized, tokenized.length, parallel);
    const logps = await cachedLogps(
      path.join(`${request.out}.run`),
      `${policyHash(request.model)} ${arithmetic}`,
      compute,
      weights,
      tokenized,
    ).finally(() => {
      compute.close();
      weights.dispose();
    });
    writeJsonl(
      request.out,
      tokenized.map(({ questionId, chosen, rejected }, i) => ({
        questionId,
        chosenLogps: logps.chosen[i],
        rejectedLogps: logps.rejected[i],
        chosenTokens: chosen.ids.length - chosen.promptLength,
        rejectedTokens: rejected.ids.length - rejected.promptLength,
        chosenUnmasked: unmaskedTokens(chosen.weights),
        rejectedUnmasked: unmaskedTokens(rejected.weights),
      })),
    );
    return { rows: tokenized.length, leftOut };
  } finally {
    policy.dispose();
  }
}
