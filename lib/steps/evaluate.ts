/** `mask-dpo evaluate`: what annotated answers come to. */
import { readJsonl, required } from "../base/jsonl";
import { Rng } from "../base/rng";
import { type EvaluationSummary, summarise } from "../evaluation/summary";
import { type AnnotatedCandidate, annotatedCandidateSchema, type Question } from "../factuality/records";
import { questionsOf } from "../world/questionFile";

/** Summary of annotated answers. */
export function summaryOf(answersFile: string, questionsFile: string | undefined, seed: number): EvaluationSummary {
  const { answers, questions } = answered(answersFile, questionsFile);
  return summarise(answers, questions, new Rng(seed).fork("evaluate"));
}

export function answered(
  answersFile: string,
  questionsFile?: string,
): { answers: AnnotatedCandidate[]; questions: Question[] } {
  const answers = required(readJsonl(answersFile, annotatedCandidateSchema), answersFile, "annotated answer");
  const seen = new Set(answers.map(({ questionId }) => questionId));
  return { answers, questions: questionsOf(questionsFile).filter(({ id }) => seen.has(id)) };
}
