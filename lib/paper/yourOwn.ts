/**
 * A study of one's own in a notebook: what the script of lib/steps/README.md does with files, by the same verbs on
 * files of one run folder. MASK_DPO_QUESTIONS, MASK_DPO_TEST and MASK_DPO_MODEL name what is studied; without them it
 * is a little of Atlas.
 */
import { statSync } from "node:fs";
import path from "node:path";
import { paperTraining, type TrainOptions } from "../align/trainOptions";
import { UserError } from "../base/check";
import { hashOf, sha256File } from "../base/hash";
import { writeJsonl } from "../base/jsonl";
import type { Annotator } from "../factuality/annotator";
import { inputsOf } from "../factuality/annotators/registry";
import { readCheckpointConfig } from "../model/checkpoint";
import { greedySampling, paperSampling } from "../model/generate";
import { policyHash } from "../model/policy";
import type { PairReport } from "../preference/pair";
import { evaluationQuestions, trainingTopics } from "../lab/questions";
import { annotateVerb } from "../steps/annotate";
import { pairsVerb } from "../steps/pairs";
import { writeReport, type Report } from "../steps/report/report";
import { runFolder } from "../base/runFolder";
import { annotateDefaults, type ServerAnnotateFlags } from "../steps/annotateServed";
import { annotateBy, annotatorNamed } from "../steps/annotators";
import type { Session } from "../lab/session";
import type { TrainRun } from "../align/trainRun";
import { sampleVerb } from "../steps/sample";
import { trainVerb } from "../steps/train";
import { questionsOf } from "../world/questionFile";
import { codeVersions } from "../base/codeVersions";

/** An annotator by its name, e.g. one behind a server: what `mask-dpo annotate` takes, without its files. */
export type NamedAnnotator = Pick<ServerAnnotateFlags, "annotator" | "server" | "modelName"> &
  Partial<Omit<ServerAnnotateFlags, "candidates" | "questions" | "out">>;
export type OwnAnnotator = Annotator | NamedAnnotator;

export interface OwnStudy {
  session: Session;
  annotator: OwnAnnotator;
  /** Hugging Face folder of the policy to align */
  model: string;
  training: TrainOptions;
  maxNewTokens: number;
  /** A file of the study, by name. */
  at: (name: string) => string;
}

/** Of Atlas: questions to train on and to test with, and pairs per step, so that so few make several. */
const atlas = { questions: 96, test: 48, batch: 16 };

/**
 * Names the study's folder and writes its questions there.
 * @throws UserError for a bad or missing file or folder, or one file of questions without the other
 */
export function openOwnStudy(session: Session, annotator: OwnAnnotator): OwnStudy {
  const { MASK_DPO_QUESTIONS, MASK_DPO_TEST, MASK_DPO_MODEL: own } = process.env;
  const { preset, seed, engine, baseDir } = session;
  if (!MASK_DPO_QUESTIONS !== !MASK_DPO_TEST)
    throw new UserError({
      where: "MASK_DPO_QUESTIONS and MASK_DPO_TEST",
      expected: "both, or none for Atlas's",
      got: "one",
      fix: "Name the other file too.",
    });
  const questions = MASK_DPO_QUESTIONS
    ? questionsOf(MASK_DPO_QUESTIONS)
    : trainingTopics(session).flat().slice(0, atlas.questions);
  const test = MASK_DPO_TEST
    ? questionsOf(MASK_DPO_TEST)
    : evaluationQuestions(session, "test", Math.min(preset.evaluationQuestions, atlas.test));
  if (own) readCheckpointConfig(own);
  const model = own || baseDir;
  const training = own ? paperTraining : { ...preset.training, batch: Math.min(preset.training.batch, atlas.batch) };
  const key = {
    model: policyHash(model),
    questions: hashOf(questions),
    test: hashOf(test),
    annotator: annotatorKey(annotator),
    k: preset.candidates,
    samples: preset.samples,
    training,
    seed,
    engine: engine.arithmetic,
    code: codeVersions("sampling", "pairs", "training"),
  };
  const folder = path.relative(process.cwd(), runFolder(session.runs, "own", key));
  const at = (name: string): string => path.join(folder, name);
  writeJsonl(at("questions.jsonl"), questions);
  writeJsonl(at("test.jsonl"), test);
  return { session, annotator, model, training, maxNewTokens: own ? 256 : session.preset.maxNewTokens, at };
}

/** Candidates, verdicts, pairs. */
export async function ownPairs(study: OwnStudy): Promise<PairReport> {
  const {
    session: { preset, seed },
    model,
    maxNewTokens,
    at,
  } = study;
  const questions = at("questions.jsonl");
  await sampleVerb({
    model,
    questions,
    out: at("candidates.jsonl"),
    k: preset.candidates,
    sampling: { ...paperSampling, maxNewTokens },
    seed,
  });
  await judge(study, "candidates.jsonl", "questions.jsonl", "annotated.jsonl");
  return pairsVerb({ candidates: at("annotated.jsonl"), questions, out: at("pairs.jsonl"), seed });
}

/** Mask-DPO on the pairs. */
export async function ownPolicy({ session: { seed }, model, training, at }: OwnStudy): Promise<TrainRun> {
  return trainVerb({ model, pairs: at("pairs.jsonl"), mask: "paper", options: training, seed, out: at("aligned") });
}

/** Both policies' answers to the test questions, judged, and the report on them. */
export async function ownReport(study: OwnStudy): Promise<Report> {
  const {
    session: { preset, seed },
    model,
    maxNewTokens,
    at,
  } = study;
  const questions = at("test.jsonl");
  for (const [name, dir] of [
    ["base", model],
    ["aligned", at("aligned")],
  ] as const) {
    for (const [how, k, sampling] of [
      ["greedy", 1, greedySampling],
      ["sampled", Math.max(2, preset.samples), paperSampling],
    ] as const) {
      await sampleVerb({
        model: dir,
        questions,
        out: at(`${name}-${how}.jsonl`),
        k,
        sampling: { ...sampling, maxNewTokens },
        seed,
      });
      await judge(study, `${name}-${how}.jsonl`, "test.jsonl", `${name}-${how}-judged.jsonl`);
    }
  }
  const judged = (how: string) =>
    ["base", "aligned"].map((name) => ({ name, file: at(`${name}-${how}-judged.jsonl`) }));
  return writeReport({
    questions,
    answers: judged("greedy"),
    sampled: judged("sampled"),
    pairs: at("pairs.jsonl"),
    trained: [{ name: "aligned", file: at("aligned") }],
    out: at("report"),
    seed,
  });
}

/** What a notebook calls who judges. */
export function annotatorName(annotator: OwnAnnotator): string {
  if ("name" in annotator) return annotator.name;
  return [annotator.annotator, annotator.modelName].filter(Boolean).join(", ");
}

/** What decides verdicts: of a registered annotator all it takes, of another its name. */
function annotatorKey(annotator: OwnAnnotator): string | object {
  if ("name" in annotator) return annotator.name;
  const { modelName, tries, maxReplyTokens, extra, seed } = { ...annotateDefaults, ...annotator };
  const { files, options } = inputsOf(annotatorNamed(annotator.annotator), annotator);
  const contents = Object.fromEntries(Object.entries(files).map(([name, file]) => [name, contentKey(file)]));
  return {
    annotator: annotator.annotator,
    modelName,
    tries,
    maxReplyTokens,
    extra,
    seed,
    options,
    files: contents,
  };
}

/** Files above this many bytes are known by name, size and time. */
const hashedBytes = 2 ** 26;

function contentKey(file: string): string | object {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (!stat)
    throw new UserError({ where: file, expected: "a readable file", got: "nothing there", fix: "Check the path." });
  return stat.size <= hashedBytes
    ? sha256File(file)
    : { file: path.resolve(file), size: stat.size, mtime: stat.mtimeMs };
}

/** Verdicts on a file of the study. */
async function judge(
  { session: { seed }, annotator, at }: OwnStudy,
  candidates: string,
  questions: string,
  out: string,
): Promise<void> {
  const files = { candidates: at(candidates), questions: at(questions), out: at(out) };
  if ("name" in annotator) await annotateVerb(files, annotator);
  else await annotateBy({ ...annotateDefaults, seed, cache: at("replies"), ...annotator, ...files });
}
