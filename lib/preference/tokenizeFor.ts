/** Pairs as a policy takes them: ids and weights, and what had to be dropped. */
import { UserError } from "../base/check";
import type { TransformerConfig } from "../model/config";
import { promptIds } from "../text/prompt";
import type { Tokenizer } from "../text/tokenizer";
import { tokenizePairs, type TokenizeReport } from "./collate";
import type { MaskKind } from "./mask";
import type { PreferencePair } from "./pair";

export type Tokenized = ReturnType<typeof tokenizePairs>;

/** Pairs as ids and masks for a policy; the report says which were dropped. */
export function tokenizeFor(
  tokenizer: Tokenizer,
  { maxPositions }: TransformerConfig,
  pairs: readonly PreferencePair[],
  mask: MaskKind,
  seed: number,
): Tokenized {
  return tokenizePairs(pairs, tokenizer, (prompt) => promptIds(tokenizer, prompt), { mask, seed, maxPositions });
}

/** The error for pairs of which none is left. */
export function emptyPairs(report: TokenizeReport): UserError {
  return new UserError({
    where: "pairs",
    expected: "at least one pair to train on",
    got: `${report.pairs} pairs, of which the mask empties a side of ${report.emptied.length} and ${report.tooLong.length} are too long`,
    fix: "Sample more candidates per question, or look at the report of `mask-dpo pairs`.",
  });
}
