/**
 * fKTO: a KTO on both sides (`kto`) and b KTO on every sentence of theirs, right ones wanted and hallucinations not,
 * whichever side they are on; sentences without a fact have no label and count for the sides alone. A sentence's d sums
 * the tokens of it that count; its zero point z_f is the mean over sentences of mismatched completions, or 0.
 * As in the official code the second term is a mean over all sentences of the step, so long answers weigh more. The
 * loss is twice that code's mean over items plus mean over sentences, as `kto` is twice TRL's; `mask-dpo loss` takes
 * the sentences of the row. With sentenceWeight = 0 it is KTO.
 */
import { z } from "zod";
import type { Objective, Sentence } from "../objective";
import { beta, kto as ofKto, lambda } from "../options";
import type { Value } from "../value";
import { kto } from "./kto";
import { desirable, undesirable } from "./utility";

const weight = (what: string) => z.number().nonnegative().default(1).describe(`weight of the ${what}`);
const options = z.object({
  beta: beta(0.1),
  ...ofKto,
  sequenceWeight: weight("sides"),
  sentenceWeight: weight("sentences"),
  sentenceBeta: z.number().nonnegative().default(0.1).describe("weight of the reference on sentences"),
  sentenceLambdaDesirable: lambda("right sentences"),
  sentenceLambdaUndesirable: lambda("hallucinations (the official configuration for Llama 3 has 4)"),
  sentenceZ0: z.number().nonnegative().optional().describe("their zero point (default: estimated like z0)"),
});

export const fkto: Objective<(typeof options)["shape"], "logratio" | "zero" | "sentences"> = {
  name: "fkto",
  label: "fKTO",
  source: "Huang and Chen 2024 (FactAlign), as its official code",
  options,
  strength: ["beta", "sentenceBeta"],
  needs: ({ z0, sentenceZ0 }) =>
    z0 === undefined || sentenceZ0 === undefined ? ["logratio", "sentences", "zero"] : ["logratio", "sentences"],
  losses(pair, options, batch) {
    const { losses, ...both } = kto.losses(pair, options, batch);
    const point = options.sentenceZ0 ?? batch.sentenceZero;
    const share = (2 * options.sentenceWeight) / batch.sentencesPerPair;
    const ofSentence = <V extends Value<V>>({ logratio, right, wrong }: Sentence<V>): V => {
      const wanted = desirable(logratio, options.sentenceBeta, point).mul(right).mul(options.sentenceLambdaDesirable);
      const unwanted = undesirable(logratio, options.sentenceBeta, point).mul(wrong);
      return wanted.add(unwanted.mul(options.sentenceLambdaUndesirable)).mul(share);
    };
    return {
      losses: [...pair.chosen.sentences, ...pair.rejected.sentences].reduce(
        (sum, sentence) => sum.add(ofSentence(sentence)),
        losses.mul(options.sequenceWeight),
      ),
      ...both,
    };
  },
};
