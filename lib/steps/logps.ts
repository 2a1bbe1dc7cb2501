/** `mask-dpo logps`: masked sums of log-probabilities of pairs (Eq. 5). */
import path from "node:path";
import * as tf from "@tensorflow/tfjs";
import { chooseCompute } from "../align/compute";
import { flatLayout, flatten } from "../align/flat";
import { cachedLogps } from "../align/reference";
import { writeJsonl } from "../base/jsonl";
import { loadPolicy, policyHash, startEngineFor } from "../model/policy";
import { tokenizePair, unmaskedTokens } from "../preference/collate";
import type { MaskKind } from "../preference/mask";
import { readPairs } from "../preference/pairFile";
import { promptIds } from "../text/prompt";

export interface LogpsRequest {
  model: string;
  pairs: string;
  mask: MaskKind;
  seed: number;
  out: string;
}

/**
 * One row per pair: masked sums of log-probabilities and token counts of both sides; also of pairs whose mask empties a
 * side, of which training would learn nothing. Returns rows written and pairs left out because they are too long.
 */
export async function logpsVerb(request: LogpsRequest): Promise<{ rows: number; leftOut: number }> {
  const { arithmetic, parallel } = await startEngineFor(request.model);
  const pairs = readPairs(request.pairs);
  const policy = loadPolicy(request.model);
  try {
    const {
      tokenizer,
      model: { config },
    } = policy;
    const all = pairs.map((pair) =>
      tokenizePair(pair, tokenizer, promptIds(tokenizer, pair.prompt), { mask: request.mask, seed: request.seed }),
    );
    const tokenized = all.filter(
      ({ chosen, rejected }) => Math.max(chosen.ids.length, rejected.ids.length) <= config.maxPositions,
    );
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
    return { rows: tokenized.length, leftOut: all.length - tokenized.length };
  } finally {
    policy.dispose();
  }
}
