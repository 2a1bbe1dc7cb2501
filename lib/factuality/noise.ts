/** Annotators that err: what comes of best of N, and of pairs, where the judge is a learned one and no oracle. */
import type { Rng } from "../base/rng";
import type { Annotator } from "./annotator";
import type { AnnotatedCandidate } from "./records";
import { isHallucination } from "./verdict";

/**
 * The score of an answer as an annotator sees it that misjudges every sentence with probability `error`: 1/2 sees
 * nothing. The same answer is always misjudged alike. 0 for an answer without sentences.
 * @param rng names the annotator; forked by question and answer
 */
export function noisyScore({ questionId, index, sentences }: AnnotatedCandidate, error: number, rng: Rng): number {
  const draw = rng.fork(questionId).fork(index);
  const right = sentences.filter(({ verdict }) => isHallucination(verdict) === draw.next() < error).length;
  return sentences.length === 0 ? 0 : right / sentences.length;
}

/**
 * An annotator that takes a sentence for the opposite with probability `error`: what is right for contradictory, what
 * is not for supported. It errs about a statement wherever it stands in the answers to a question, as a judge does who
 * knows no better. @param rng names the annotator; forked by question and sentence
 */
export function noisyAnnotator(annotator: Annotator, error: number, rng: Rng): Annotator {
  return {
    name: `${annotator.name}, wrong about ${100 * error} %`,
    async annotate(question, completion) {
      const own = rng.fork(question.id);
      return (await annotator.annotate(question, completion)).map((sentence) => {
        const errs = own.fork(completion.slice(sentence.start, sentence.end)).next() < error;
        if (!errs) return sentence;
        return { ...sentence, verdict: isHallucination(sentence.verdict) ? "supported" : "contradictory" };
      });
    },
  };
}
