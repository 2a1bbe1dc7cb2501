/** Pairs as the inspector shows them: each token with its offsets, its sentence, and whether the mask keeps it. */
import { promptIds } from "../text/prompt";
import { openTokenizer } from "../model/checkpoint";
import { encodeSide, tokenizePair, type TokenizedSide } from "./collate";
import type { Mask } from "./mask";
import type { PreferencePair } from "./pair";
import type { InspectPair, InspectSide } from "../show/inspect";

/** @param modelDir whose tokenizer is used; no weights are read */
export function inspectPairs(
  modelDir: string,
  pairs: readonly PreferencePair[],
  mask: Mask,
  seed: number,
): InspectPair[] {
  const { tokenizer } = openTokenizer(modelDir);
  return pairs.map((pair) => {
    const prompt = promptIds(tokenizer, pair.prompt);
    const tokenized = tokenizePair(pair, tokenizer, prompt, { mask, seed });
    const side = (name: "chosen" | "rejected"): InspectSide => {
      const { completion, sentences } = pair[name];
      const { promptLength, weights, sentenceOf }: TokenizedSide = tokenized[name];
      const { ids, starts, ends } = encodeSide(pair[name], pair.prompt, tokenizer, prompt);
      const tokens = ids.map((_, i) => ({
        start: starts[i]!,
        end: ends[i]!,
        kept: weights[promptLength + i]! > 0,
        sentence: sentenceOf[promptLength + i]! < 0 ? null : sentenceOf[promptLength + i]!,
      }));
      return { completion, sentences, tokens, score: pair.scores[name] };
    };
    return {
      questionId: pair.questionId,
      topic: pair.topic,
      prompt: pair.prompt.map(({ content }) => content).join("\n"),
      sides: { chosen: side("chosen"), rejected: side("rejected") },
    };
  });
}
