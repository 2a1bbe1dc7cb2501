// Answers with given verdicts, for the tests of this folder.
import type { Rng } from "../../lib/base/rng";
import type { AnnotatedCandidate, Question, Verdict } from "../../lib/factuality/records";

const verdictOf: Record<string, Verdict> = { S: "supported", C: "contradictory", U: "unverifiable", N: "no-fact" };

export function question(id: string, topic: string): Question {
  return { id, topic, prompt: [{ role: "user", content: "?" }] };
}

/** An answer with one sentence "x." per letter. */
export function answer(questionId: string, index: number, letters: string): AnnotatedCandidate {
  const sentences = [...letters].map((letter, i) => ({ start: 3 * i, end: 3 * i + 2, verdict: verdictOf[letter]! }));
  return { questionId, index, completion: [...letters].map(() => "x.").join(" "), seed: 0, sentences };
}

/** `n` answers to every question, each sentence supported with probability `p`. */
export function randomAnswers(questions: readonly Question[], n: number, p: number, rng: Rng): AnnotatedCandidate[] {
  return questions.flatMap(({ id }) =>
    Array.from({ length: n }, (_, i) =>
      answer(
        id,
        i,
        Array.from({ length: 1 + rng.int(6) }, () => (rng.next() < p ? "S" : rng.pick(["C", "U", "N"]))).join(""),
      ),
    ),
  );
}
