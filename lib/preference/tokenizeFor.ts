/** Pairs as a policy takes them: ids and weights, and what had to be dropped. */
import { someOf, UserError } from "../base/check";
import type { TransformerConfig } from "../model/config";
import { promptIds } from "../text/prompt";
import type { Tokenizer } from "../text/tokenizer";
import { tokenizePairs, type Tokenized, type TokenizeReport } from "./collate";
import type { Mask } from "./mask";
import type { TrainingRow } from "./demonstration";

/** Pairs as ids and masks for a policy; the report says which were dropped. */
export function tokenizeFor(
  tokenizer: Tokenizer,
  { maxPositions }: TransformerConfig,
  pairs: readonly TrainingRow[],
  mask: Mask,
  seed: number,
  dropNoFact = false,
): Tokenized {
  const options = { mask, seed, dropNoFact, maxPositions };
  return tokenizePairs(pairs, tokenizer, (prompt) => promptIds(tokenizer, prompt), options);
}

/** "90 of 100 pairs (8 emptied by the mask, 2 too long: "q7", "q12")" */
export function keptText({ kept, pairs, emptied, tooLong }: TokenizeReport): string {
  const named = tooLong.length > 0 ? `: ${someOf(tooLong)}` : "";
  return `${kept} of ${pairs} pairs (${emptied.length} emptied by the mask, ${tooLong.length} too long${named})`;
}

/** The error for pairs of which none is left. */
export function emptyPairs({ pairs, emptied, tooLong }: TokenizeReport): UserError {
  return new UserError({
    where: "pairs",
    expected: "at least one pair to train on",
    got: `${pairs} pairs, of which the mask empties a side of ${emptied.length} and ${tooLong.length} are too long`,
    fix: "Sample more candidates per question, or look at the report of `mask-dpo pairs`.",
  });
}
