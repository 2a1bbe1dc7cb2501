// A tiny policy with tokenised pairs, for the tests of training.
import { loadPolicy, type Policy } from "../../lib/model/policy";
import { tokenizePairs, type TokenizedPair } from "../../lib/preference/collate";
import type { MaskKind } from "../../lib/preference/mask";
import { promptIds } from "../../lib/text/prompt";
import { tinyModel, tinyPairs } from "../cli/data";

/** Start an engine first; dispose the policy. */
export function tinyPolicy(): Policy {
  return loadPolicy(tinyModel);
}

export function tokenized(policy: Policy, count: number, mask: MaskKind = "paper"): TokenizedPair[] {
  const { tokenizer } = policy;
  const { pairs, report } = tokenizePairs(tinyPairs(count), tokenizer, (prompt) => promptIds(tokenizer, prompt), { mask, seed: 1, maxPositions: 256 });
  if (report.kept !== count) throw new Error(`expected ${count} pairs to be kept, got ${report.kept}`);
  return pairs;
}
