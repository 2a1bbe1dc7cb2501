/**
 * A demonstration: a prompt with one completion to learn, as supervised fine-tuning takes it. Where its sentences have
 * verdicts a mask chooses among them, as on the chosen side of a pair; without them the completion counts whole.
 */
import { z } from "zod";
import { checkSpans, sentenceSchema } from "../factuality/records";
import { messageSchema } from "../text/message";
import type { PreferencePair } from "./pair";

export const demonstrationSchema = z
  .object({
    questionId: z.string().min(1),
    topic: z.string().min(1).optional(),
    prompt: z.array(messageSchema).min(1),
    completion: z.string().min(1),
    sentences: z.array(sentenceSchema).optional(),
    tokenIds: z.array(z.number().int().nonnegative()).optional(),
    finished: z.boolean().optional(),
  })
  .strict()
  .superRefine((row, ctx) => checkSpans(row.completion, row.sentences ?? [], ctx, ["sentences"]));
export type Demonstration = z.infer<typeof demonstrationSchema>;

/** What training takes: pairs, or demonstrations for an objective that looks at one side only. */
export type TrainingRow = PreferencePair | Demonstration;

export function isDemonstration(row: TrainingRow): row is Demonstration {
  return "completion" in row;
}

/** As a pair whose rejected side says nothing. */
export function pairOfDemonstration(row: Demonstration): PreferencePair {
  const { questionId, topic = questionId, prompt, completion, sentences = [], tokenIds, finished } = row;
  return {
    questionId,
    topic,
    prompt,
    chosen: { completion, sentences, ...(tokenIds && { tokenIds }), ...(finished !== undefined && { finished }) },
    rejected: { completion: "", sentences: [] },
    scores: { chosen: 1, rejected: 0 },
  };
}
