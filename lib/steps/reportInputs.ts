/**
 * What a report is made of, read and checked: annotated answers of several policies to the same questions, and where they
 * are given the pairs and the training runs.
 */
import { existsSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { decisiveOptionsSchema, stepLogSchema } from "../align/trainOptions";
import { UserError, brief } from "../base/check";
import { hashOf, sha256File } from "../base/hash";
import { parseJson, parseRow, readJsonl, readNumberedJsonl, readText, required } from "../base/jsonl";
import { annotatedCandidateSchema, type AnnotatedCandidate, type Question } from "../factuality/records";
import { maskKinds } from "../preference/mask";
import { preferencePairSchema, type PreferencePair } from "../preference/pair";
import { differing, flat } from "../base/runFolder";
import { questionsOf } from "../world/questionFile";
import { outHash } from "./annotateServed";

/** A policy's name in the report, and a file or folder of it. */
export interface Named {
  name: string;
  file: string;
}

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

export interface PolicyAnswers extends Named {
  answers: AnnotatedCandidate[];
  /** To each question. */
  each: number;
  sha256: string;
  /** Who judged and how, where that is recorded. */
  judge?: z.output<typeof annotationSchema>;
}

const number = z.number();
/** What the PyTorch recipes log, too. */
const logSchema = stepLogSchema
  .pick({
    step: true,
    loss: true,
    accuracy: true,
    margin: true,
    chosenReward: true,
    rejectedReward: true,
    gradNorm: true,
  })
  .strip();
const trainingSchema = z.object({
  reference: z.string(),
  pairs: z.string(),
  mask: z.enum(maskKinds),
  seed: number,
  engine: z.string(),
  options: decisiveOptionsSchema,
  lora: z.object({ rank: number }).optional(),
});
/** What decides verdicts, of a run of `annotate`. */
const annotationSchema = z.object({
  annotator: z.string(),
  model: z.string(),
  source: z.string(),
  tries: number,
  extra: z.record(z.unknown()),
  answers: number.optional(),
  answerModel: z.string().optional(),
});

export interface Training extends Named {
  logs: z.output<typeof logSchema>[];
  /** Not there for what `export --to torch` trained elsewhere. */
  run?: z.output<typeof trainingSchema>;
  /** config.json of the policy, or of the model its adapter was trained for; only for a run on the pairs given. */
  config?: string;
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
  /** What a reader must know to believe the numbers. */
  warnings: string[];
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
  const questions = required(questionsOf(request.questions), request.questions, "question"),
    topics = new Set(questions.map(({ topic }) => topic)).size;
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
  const pairs =
    request.pairs === undefined
      ? undefined
      : required(readJsonl(request.pairs, preferencePairSchema), request.pairs, "pair");
  const hash = pairs && hashOf(pairs),
    trained = request.trained.map((named) => readTraining(named, hash));
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
      ...trained.map(({ name, file, logs }) => input(`training log of ${name}`, logFile(file), logs, hashOf(logs))), // times are not among what was read: the same run again has the same hash
    ],
    warnings: [
      ...judgesWarning([...answers, ...sampled]),
      ...(pairs ? topicsWarning(questions, pairs, request) : []),
      ...trained
        .filter(({ run, config }) => pairs && run && !config)
        .map(({ name }) => `${name} was not trained on the pairs of ${request.pairs}.`),
      ...trained
        .filter(({ config }) => config && !existsSync(config))
        .map(
          ({ name, config }) =>
            `What the mask of ${name} keeps is left out: there is no ${config}, of the model its adapter was trained for.`,
        ),
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
    const names = given.map(({ name }) => name),
      twice = names.find((name, i) => names.indexOf(name) < i),
      unknown = names.find((name) => !known.includes(name));
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

/** As many answers to every question of the file, and none to another. */
function readAnswers({ name, file }: Named, questions: readonly Question[], questionsFile: string): PolicyAnswers {
  const byQuestion = new Map(questions.map(({ id }) => [id, new Set<number>()]));
  const rows = required(readNumberedJsonl(file, annotatedCandidateSchema), file, "annotated answer");
  for (const {
    row: { questionId, index },
    line,
  } of rows) {
    const indices = byQuestion.get(questionId);
    if (!indices)
      throw new UserError({
        where: `${file}:${line}`,
        expected: `an answer to one of the ${questions.length} questions of ${questionsFile}`,
        got: `one to ${brief(questionId)}`,
        fix: "Give the questions these answers were sampled for.",
      });
    if (indices.has(index))
      throw new UserError({
        where: `${file}:${line}`,
        expected: "every answer once",
        got: `answer ${index} to ${brief(questionId)} twice`,
        fix: "Remove one of the rows.",
      });
    indices.add(index);
  }
  const each = Math.max(...[...byQuestion.values()].map(({ size }) => size));
  const [id, fewer] = [...byQuestion].find(([, { size }]) => size < each) ?? [];
  if (fewer)
    throw new UserError({
      where: `${file}, question ${brief(id)}`,
      expected: `${each} answer${each > 1 ? "s" : ""}, as many as to other questions`,
      got: String(fewer.size),
      fix: "Sample and annotate every question alike.",
    });
  const sha256 = sha256File(file);
  return { name, file, answers: rows.map(({ row }) => row), each, sha256, judge: judgeOf(file, sha256) };
}

/** What the run beside a file says, unless something else has written the file since. */
function judgeOf(file: string, sha256: string): PolicyAnswers["judge"] {
  const run = path.join(`${file}.run`, "run.json"),
    hash = path.join(`${file}.run`, outHash);
  if (!existsSync(run) || !existsSync(hash) || readText(hash).trim() !== sha256) return undefined;
  return annotationSchema.safeParse(parseJson(readText(run), run)).data;
}

function checkEach(flag: string, policies: readonly PolicyAnswers[]): void {
  if (new Set(policies.map(({ each }) => each)).size <= 1) return;
  throw new UserError({
    where: flag,
    expected: "as many answers to a question from every policy",
    got: policies.map(({ name, each }) => `${each} from ${name}`).join(", "),
    fix: "Sample all policies alike.",
  });
}

/** Beside the folder where `train` left it, inside where the loop of `export --to torch` did. */
function logFile(dir: string): string {
  return [path.join(`${dir}.run`, "log.jsonl"), path.join(dir, "log.jsonl")].find((file) => existsSync(file)) ?? "";
}

/** @param pairsHash of the pairs of the report @throws UserError where there is no log, or training has not ended */
function readTraining({ name, file: dir }: Named, pairsHash?: string): Training {
  const log = logFile(dir),
    file = path.join(`${dir}.run`, "run.json");
  if (!log)
    throw new UserError({
      where: `--trained ${name}`,
      expected: `a folder that training left, with ${dir}.run/log.jsonl beside it or log.jsonl inside`,
      got: dir,
      fix: "Name what mask-dpo train --out was given, or leave the policy out of --trained.",
    });
  if (!existsSync(dir) || existsSync(path.join(`${dir}.run`, "state.safetensors")))
    throw new UserError({
      where: `--trained ${name}`,
      expected: "a training that has ended",
      got: `one that was stopped, in ${dir}.run`,
      fix: "Give the same mask-dpo train again, which goes on from there.",
    });
  const run = existsSync(file) ? parseRow(trainingSchema, parseJson(readText(file), file), file) : undefined;
  return {
    name,
    file: dir,
    logs: required(readJsonl(log, logSchema), log, "step"),
    run,
    config: run && run.pairs === pairsHash ? configFile(dir) : undefined,
  };
}

function configFile(dir: string): string {
  const adapter = path.join(dir, "adapter_config.json"),
    adapterSchema = z.object({ base_model_name_or_path: z.string() });
  return path.join(
    existsSync(adapter)
      ? parseRow(adapterSchema, parseJson(readText(adapter), adapter), adapter).base_model_name_or_path
      : dir,
    "config.json",
  );
}

function judgesWarning(policies: readonly PolicyAnswers[]): string[] {
  const judges = policies.map(({ judge }) => judge ?? {}),
    differ = [...new Set(judges.flatMap((judge) => differing(judges[0], judge)[2]))];
  const values = (judge: object) =>
    Object.entries(flat(judge))
      .filter(([name]) => differ.includes(name))
      .map(([name, value]) => `${name} ${brief(value)}`)
      .join(", ");
  const said = policies.map(({ file, judge }) => `${file} (${judge ? values(judge) : "not recorded"})`);
  return differ.length > 0
    ? [`The answers were not all judged alike, so their scores do not compare: ${[...new Set(said)].join(", ")}.`]
    : [];
}

function topicsWarning(
  questions: readonly Question[],
  pairs: readonly PreferencePair[],
  { questions: file, pairs: pairsFile }: ReportRequest,
): string[] {
  const trainedOn = new Set(pairs.map(({ topic }) => topic)),
    topics = new Set(questions.map(({ topic }) => topic)),
    shared = [...topics].filter((topic) => trainedOn.has(topic));
  return shared.length > 0
    ? [
        `${shared.length} of the ${topics.size} topics of ${file} are also topics of ${pairsFile} (${brief(shared[0])}), so they are not held out.`,
      ]
    : [];
}
