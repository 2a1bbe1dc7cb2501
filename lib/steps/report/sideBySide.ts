/** Some questions with every policy's answer to them, so that a reader sees what the scores are made of. */
import { Rng } from "../../base/rng";
import type { AnnotatedCandidate, Question } from "../../factuality/records";
import { countSentences, factualityScore } from "../../factuality/score";
import type { AnsweredQuestion } from "../../show/document";
import type { ReportInputs } from "./inputs";

/** Questions of each kind: where most was won, where most was lost, drawn by chance. */
const ofKind = 2;

/** @returns none without a second policy */
export function sideBySide({ questions, answers }: ReportInputs, seed: number): AnsweredQuestion[] {
  const [first, ...others] = answers.map(({ name, answers: rows }) => ({ name, of: firstAnswers(rows) }));
  if (!first || others.length === 0) return [];
  const change = ({ id }: Question): number =>
    Math.max(...others.map(({ of }) => scoreOf(of.get(id)!))) - scoreOf(first.of.get(id)!);
  const sorted = questions
    .map((question) => ({ question, change: change(question) }))
    .sort((a, b) => b.change - a.change);
  const won = sorted.filter(({ change }) => change > 0).slice(0, ofKind);
  const lost = sorted.filter(({ change }) => change < 0).slice(-ofKind);
  const rest = sorted
    .map(({ question }) => question)
    .filter((q) => ![...won, ...lost].some(({ question }) => question === q));
  const drawn = new Rng(seed).fork("shown answers").shuffle(rest).slice(0, ofKind);
  const shown = (question: Question, why: string): AnsweredQuestion => ({
    question: question.prompt.at(-1)!.content,
    why,
    answers: [first, ...others].map(({ name, of }) => {
      const { completion, sentences } = of.get(question.id)!;
      const { incorrect } = countSentences(sentences);
      const counted = `${sentences.length - incorrect} of ${sentences.length} sentences without hallucination`;
      return { label: `${name}: ${counted}`, text: { completion, sentences } };
    }),
  });
  return [
    ...won.map(({ question }) => shown(question, "much was won")),
    ...lost.map(({ question }) => shown(question, "much was lost")),
    ...drawn.map((question) => shown(question, "drawn by chance")),
  ];
}

/** Of several answers to a question the one of the lowest index. */
function firstAnswers(rows: readonly AnnotatedCandidate[]): Map<string, AnnotatedCandidate> {
  const sorted = [...rows].sort((a, b) => b.index - a.index);
  return new Map(sorted.map((row) => [row.questionId, row]));
}

const scoreOf = ({ sentences }: AnnotatedCandidate): number => factualityScore(sentences) ?? 0;
