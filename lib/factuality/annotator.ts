/**
 * The annotator A of Eq. 4: splits a completion into sentences and gives each its verdict.
 * Behind this interface stand the world's exact oracle, and judges that read documents.
 */
import { UserError, brief } from "../base/check";
import {
  type AnnotatedCandidate,
  type Candidate,
  type Question,
  type Sentence,
  annotatedCandidateSchema,
} from "./records";

export interface Annotator {
  /** For messages and tables. */
  readonly name: string;
  /** Sentences in order, as spans of `completion`; none for a completion without any. */
  annotate(question: Question, completion: string): Sentence[] | Promise<Sentence[]>;
}

/**
 * All candidates with their sentences, in the given order. Equal completions of one question are judged once,
 * so that the same text never has two scores. What an annotator knows beyond span and verdict is left behind.
 * @param onProgress called after every candidate with the number done
 * @throws UserError for a candidate of an unknown question, or when the annotator returns spans that do not fit the
 * text
 */
export async function annotateCandidates(
  candidates: readonly Candidate[],
  questions: readonly Question[],
  annotator: Annotator,
  onProgress?: (done: number) => void,
): Promise<AnnotatedCandidate[]> {
  const byId = new Map(questions.map((question) => [question.id, question]));
  const judged = new Map<string, Map<string, Sentence[]>>(); // question id -> completion -> sentences
  const annotated: AnnotatedCandidate[] = [];
  for (const candidate of candidates) {
    const question = byId.get(candidate.questionId);
    if (!question) throw unknownQuestion(candidate);
    const known = judged.get(question.id) ?? new Map<string, Sentence[]>();
    judged.set(question.id, known);
    const sentences = known.get(candidate.completion) ?? (await annotator.annotate(question, candidate.completion));
    known.set(candidate.completion, sentences);
    annotated.push(
      checked(
        { ...candidate, sentences: sentences.map(({ start, end, verdict }) => ({ start, end, verdict })) },
        annotator,
      ),
    );
    onProgress?.(annotated.length);
  }
  return annotated;
}

/** The error for a row whose question is not among those it is looked up in. */
export function unknownQuestion(row: { questionId: string; index: number }): UserError {
  return new UserError({
    where: `candidate ${row.index} of question ${brief(row.questionId)}`,
    expected: "a question of --questions, or of Atlas where none are given",
    got: "one that is not there",
    fix: "Give the questions file these candidates were sampled from.",
  });
}

function checked(row: AnnotatedCandidate, annotator: Annotator): AnnotatedCandidate {
  const problem = annotatedCandidateSchema.safeParse(row).error?.issues[0];
  if (!problem) return row;
  throw new UserError({
    where: `annotator ${annotator.name}, candidate ${row.index} of question ${brief(row.questionId)}`,
    expected: "sentences as spans of the completion, in order, each with a verdict",
    got: `${problem.path.join(".")}: ${problem.message}`,
    fix: "The annotator returned them; correct the annotator.",
  });
}
