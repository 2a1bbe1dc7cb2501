/**
 * How factual a policy's answers are (§3.1 "Evaluation", Tables 1-4).
 *
 * `score` is the paper's: non-hallucinated sentences over all sentences, pooled over the answers (micro), so
 * that long answers weigh more. `macroScore` is the mean score of an answer, an answer without sentences counted
 * as 0. `rightShare` leaves no-fact sentences out. Counts and length stand beside them, so that a score won by
 * short or empty answers is visible. Intervals: BCa bootstrap over topics (not stated in the paper: it gives none).
 */
import { groupBy } from "../base/collections";
import { UserError, brief } from "../base/check";
import type { Rng } from "../base/rng";
import { type BootstrapOptions, type Interval, bootstrap, ratio } from "../base/stats";
import { unknownQuestion } from "../factuality/annotator";
import type { AnnotatedCandidate, Question } from "../factuality/records";
import { type SentenceCounts, addCounts, countSentences, factualityScore } from "../factuality/score";

export interface EvaluationSummary {
  topics: number;
  questions: number;
  answers: number;
  /** Answers without a sentence. */
  emptyAnswers: number;
  /** (correct + noFact) / sentences, pooled. The score the paper reports. */
  score: Interval;
  /** Mean score of an answer. */
  macroScore: Interval;
  /** correct / (correct + incorrect), pooled. */
  rightShare: Interval;
  /** Mean counts of an answer, and its length in characters. The paper's counts are these times its 177 questions. */
  perAnswer: SentenceCounts & { characters: number };
}

/** The answers to one question. */
export interface QuestionAnswers {
  question: Question;
  answers: AnnotatedCandidate[];
}

/**
 * Summary of all answers; several per question (samples, seeds) are pooled.
 * @throws UserError where a question has no answer, or an answer no question
 */
export function summarise(
  answers: readonly AnnotatedCandidate[],
  questions: readonly Question[],
  rng: Rng,
  options: BootstrapOptions = {},
): EvaluationSummary {
  const topics = topicTotals(answers, questions);
  const counts = topics.map((topic) => topic.counts);
  const interval = (name: string, over: number[], under: number[]): Interval =>
    bootstrap([over, under], ratio, rng.fork(name), options);
  const total = addCounts(counts);
  const characters = answers.reduce((sum, { completion }) => sum + completion.length, 0);
  const per = (count: number): number => count / answers.length;
  return {
    topics: topics.length,
    questions: questions.length,
    answers: answers.length,
    emptyAnswers: answers.filter(({ sentences }) => sentences.length === 0).length,
    score: interval(
      "score",
      counts.map((c) => c.correct + c.noFact),
      counts.map((c) => c.sentences),
    ),
    macroScore: interval(
      "macroScore",
      topics.map(({ score }) => score),
      topics.map((topic) => topic.answers),
    ),
    rightShare: interval(
      "rightShare",
      counts.map((c) => c.correct),
      counts.map((c) => c.correct + c.incorrect),
    ),
    perAnswer: {
      sentences: per(total.sentences),
      correct: per(total.correct),
      incorrect: per(total.incorrect),
      noFact: per(total.noFact),
      characters: per(characters),
    },
  };
}

/** What one topic contributes to the pooled numbers. */
export interface TopicTotals {
  answers: number;
  counts: SentenceCounts;
  /** Sum of the answers' scores. */
  score: number;
}

/** One entry per topic, in the order of `questions`. @throws UserError as `answersByTopic` */
export function topicTotals(answers: readonly AnnotatedCandidate[], questions: readonly Question[]): TopicTotals[] {
  return [...answersByTopic(answers, questions).values()].map((entries) => {
    const group = entries.flatMap((entry) => entry.answers);
    return {
      answers: group.length,
      counts: addCounts(group.map(({ sentences }) => countSentences(sentences))),
      score: group.reduce((sum, answer) => sum + scoreOrZero(answer), 0),
    };
  });
}

/** An answer's score; 0 for one without sentences, which states nothing correct. */
export function scoreOrZero({ sentences }: Pick<AnnotatedCandidate, "sentences">): number {
  return factualityScore(sentences) ?? 0;
}

/**
 * Answers grouped by question within topic, in the order of `questions`.
 * @throws UserError without questions, where a question has no answer, or an answer no question
 */
export function answersByTopic(
  answers: readonly AnnotatedCandidate[],
  questions: readonly Question[],
): Map<string, QuestionAnswers[]> {
  const byQuestion = new Map<string, QuestionAnswers>(
    questions.map((question) => [question.id, { question, answers: [] }]),
  );
  for (const answer of answers) {
    const entry = byQuestion.get(answer.questionId);
    if (!entry) throw unknownQuestion(answer);
    entry.answers.push(answer);
  }
  if (byQuestion.size === 0)
    throw new UserError({
      expected: "at least one question to evaluate",
      got: "none",
      fix: "Give the questions the answers belong to.",
    });
  for (const {
    question: { id },
    answers: given,
  } of byQuestion.values()) {
    if (given.length === 0)
      throw new UserError({
        where: `question ${brief(id)}`,
        expected: "at least one answer to every question",
        got: "none",
        fix: "Sample the missing answers, or leave the question out.",
      });
  }
  return groupBy(byQuestion.values(), ({ question }) => question.topic);
}
