// A tiny policy with tokenised pairs, for the tests of training.
import type * as tf from "@tensorflow/tfjs";
import { localCompute, type PairCompute } from "../../lib/align/compute";
import { flatLayout, flatten, type FlatLayout } from "../../lib/align/flat";
import { loadPolicy, type Policy } from "../../lib/model/policy";
import { tokenizePairs, type TokenizedPair } from "../../lib/preference/collate";
import type { MaskKind } from "../../lib/preference/mask";
import { promptIds } from "../../lib/text/prompt";
import { tinyModel, tinyPairs } from "../cli/data";

/** A policy with its weights as one vector [P]. */
export interface TinyPolicy extends Policy {
  layout: FlatLayout;
  weights: tf.Tensor1D;
}

/** Start an engine first; dispose the policy. */
export function tinyPolicy(): TinyPolicy {
  const policy = loadPolicy(tinyModel);
  const weights = flatten(Object.values(policy.params));
  return {
    ...policy,
    layout: flatLayout(policy.params),
    weights,
    dispose: () => {
      policy.dispose();
      weights.dispose();
    },
  };
}

export function tokenized({ tokenizer }: Policy, count: number, mask: MaskKind = "paper"): TokenizedPair[] {
  const { pairs, report } = tokenizePairs(tinyPairs(count), tokenizer, (prompt) => promptIds(tokenizer, prompt), {
    mask,
    seed: 1,
    maxPositions: 256,
  });
  if (report.kept !== count) throw new Error(`expected ${count} pairs to be kept, got ${report.kept}`);
  return pairs;
}

/** Computes on pairs in this process. */
export function computeOf({ model, layout }: TinyPolicy, pairs: readonly TokenizedPair[]): PairCompute {
  return localCompute(model, layout, pairs);
}
