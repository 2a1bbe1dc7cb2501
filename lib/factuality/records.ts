/**
 * The rows that flow between steps (JSONL): questions, candidates, annotated candidates.
 * One schema each; unknown keys are rejected. `start`/`end` are UTF-16 offsets into `completion`, end exclusive.
 */
import { z } from "zod";
import { messageSchema } from "../text/message";

/**
 * Sentence verdicts as ANAH-v2 publishes them. a_i of Eq. 4 is 0 for supported and no-fact, 1 for the others
 * (`isHallucination`).
 */
export const verdictSchema = z.enum(["supported", "contradictory", "unverifiable", "no-fact"]);
export type Verdict = z.infer<typeof verdictSchema>;

export const questionSchema = z
  .object({ id: z.string().min(1), topic: z.string().min(1), prompt: z.array(messageSchema).min(1) })
  .strict();
export type Question = z.infer<typeof questionSchema>;

export const sentenceSchema = z
  .object({ start: z.number().int().nonnegative(), end: z.number().int().positive(), verdict: verdictSchema })
  .strict();
export type Sentence = z.infer<typeof sentenceSchema>;

const candidateShape = {
  questionId: z.string().min(1),
  index: z.number().int().nonnegative(),
  completion: z.string(),
  tokenIds: z.array(z.number().int().nonnegative()).optional(),
  seed: z.number().int(),
  finished: z.boolean().optional(),
};
/**
 * One of K samples; `tokenIds` are the sampled ids without the end-of-turn token. `finished` is false where the policy
 * did not end it: a limit of tokens or a server's filter did. Where it is not said, it counts as ended.
 */
export const candidateSchema = z.object(candidateShape).strict();
export type Candidate = z.infer<typeof candidateSchema>;

export const annotatedCandidateSchema = z
  .object({ ...candidateShape, sentences: z.array(sentenceSchema) })
  .strict()
  .superRefine((row, ctx) => checkSpans(row.completion, row.sentences, ctx, ["sentences"]));
export type AnnotatedCandidate = z.infer<typeof annotatedCandidateSchema>;

/** What tells one candidate from another. */
export function candidateKey({ questionId, index }: Pick<Candidate, "questionId" | "index">): string {
  return `${index} ${questionId}`;
}

/** What is wrong with a span, or undefined. @param previous where the one before it ends */
function spanProblem(start: number, end: number, previous: number, length: number): string | undefined {
  if (end > length) return `ends outside the text of ${length} characters`;
  if (end <= start) return "is empty";
  if (start < previous) return `overlaps or precedes the one before it (which ends at ${previous})`;
  return undefined;
}

/** Spans must lie inside the text, in order, not overlapping, not empty. */
export function checkSpans(
  completion: string,
  sentences: readonly Sentence[],
  ctx: z.RefinementCtx,
  path: (string | number)[],
): void {
  let previous = 0;
  sentences.forEach(({ start, end }, i) => {
    const problem = spanProblem(start, end, previous, completion.length);
    if (problem) {
      const message = `span ${start}-${end} ${problem}`;
      ctx.addIssue({ code: z.ZodIssueCode.custom, message, path: [...path, i] });
    }
    previous = Math.max(previous, end);
  });
}
