/**
 * What a report is made of, read and checked: annotated answers of several policies to the same questions, and where
 * they are given the pairs and the training runs.
 */
import { UserError, brief } from "../../base/check";
import { hashOf, sha256File } from "../../base/hash";
import { required } from "../../base/jsonl";
import type { Question } from "../../factuality/records";
import type { PreferencePair } from "../../preference/pair";
import { questionsOf } from "../../world/questionFile";
import { checkEach, type Named, type PolicyAnswers, readAnswers } from "./answers";
import { logFile, readTraining, type Training } from "./training";
import { readRows } from "../rows";

export interface ReportRequest {
  questions: string;
  /** the first is what the others are compared with */
  answers: readonly Named[];
  /** several answers to every question */
  sampled: readonly Named[];
  pairs?: string;
  /** folders that training left */
  trained: readonly Named[];
  seed: number;
}

export interface InputFile {
  what: string;
  file: string;
  rows: number;
  sha256: string;
  annotator: string | null;
}

export interface ReportInputs {
  questions: Question[];
  topics: number;
  answers: PolicyAnswers[];
  /** In the order of `answers`. */
  sampled: PolicyAnswers[];
  pairs?: PreferencePair[];
  trained: Training[];
  files: InputFile[];
}

/** @throws UserError naming flag or file:line for whatever does not fit together */
export function readReportInputs(request: ReportRequest): ReportInputs {
  const {
    answers: [first],
  } = request;
  if (!first)
    throw new UserError({
      where: "--answers",
      expected: "answers of at least one policy",
      got: "none",
      fix: "Give name=file, the policy to compare with first.",
    });
  checkNames(request);
  const questions = required(questionsOf(request.questions), request.questions, "question");
  const topics = new Set(questions.map(({ topic }) => topic)).size;
  if (topics < 2)
    throw new UserError({
      where: request.questions,
      expected: "questions of at least 2 topics, which intervals and tests resample",
      got: "1",
      fix: "Give each question the topic it is about.",
    });
  const answers = request.answers.map((named) => readAnswers(named, questions, request.questions));
  const order = answers.map(({ name }) => name);
  const sampled = request.sampled
    .map((named) => readAnswers(named, questions, request.questions))
    .sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
  checkEach("--answers", answers);
  checkEach("--sampled", sampled);
  const single = sampled.find(({ each }) => each === 1);
  if (single)
    throw new UserError({
      where: single.file,
      expected: "at least 2 answers to every question, for best of N",
      got: "1",
      fix: "Sample with --k 16, say, or leave --sampled out.",
    });
  const pairs = request.pairs === undefined ? undefined : readRows("pair", request.pairs);
  const hash = pairs && hashOf(pairs);
  const trained = request.trained.map((named) => readTraining(named, hash));
  const input = (
    what: string,
    file: string,
    { length: rows }: readonly unknown[],
    sha256 = sha256File(file),
  ): InputFile => ({ what, file, rows, sha256, annotator: null });
  const judged = (what: string, { file, answers: rows, sha256, judge }: PolicyAnswers): InputFile => ({
    ...input(what, file, rows, sha256),
    annotator: judge ? `${judge.annotator}, ${judge.model}` : null,
  });
  return {
    questions,
    topics,
    answers,
    sampled,
    pairs,
    trained,
    files: [
      input("questions", request.questions, questions),
      ...answers.map((policy) => judged(`answers of ${policy.name}`, policy)),
      ...sampled.map((policy) => judged(`sampled answers of ${policy.name}`, policy)),
      ...(pairs ? [input("pairs", request.pairs!, pairs)] : []),
      // times are not among what was read: the same run again has the same hash
      ...trained.map(({ name, file, logs }) => input(`training log of ${name}`, logFile(file), logs, hashOf(logs))),
    ],
  };
}

function checkNames({ answers, sampled, trained }: ReportRequest): void {
  const known = answers.map(({ name }) => name);
  for (const [flag, given] of [
    ["--answers", answers],
    ["--sampled", sampled],
    ["--trained", trained],
  ] as const) {
    const names = given.map(({ name }) => name);
    const twice = names.find((name, i) => names.indexOf(name) < i);
    const unknown = names.find((name) => !known.includes(name));
    if (twice !== undefined)
      throw new UserError({
        where: flag,
        expected: "every policy once",
        got: `${brief(twice)} twice`,
        fix: "Give each its own name.",
      });
    if (unknown !== undefined)
      throw new UserError({
        where: flag,
        expected: `a policy of --answers (${known.join(", ")})`,
        got: brief(unknown),
        fix: "Correct the name, or give its --answers too.",
      });
  }
}
