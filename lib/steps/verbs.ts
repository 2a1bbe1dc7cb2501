/** What the command-line verbs do, on files: each reads and writes the JSONL rows of lib/factuality/records and lib/preference/pair. */
import path from "node:path";
import * as tf from "@tensorflow/tfjs";
import { chooseCompute } from "../align/compute";
import { flatLayout, flatten } from "../align/flat";
import { planMemory, type PlanRequest } from "../align/plan";
import { cachedLogps } from "../align/reference";
import { UserError, brief } from "../base/check";
import { writeFileAtomic } from "../base/files";
import { hashOf } from "../base/hash";
import { readJsonl, writeJsonl } from "../base/jsonl";
import { startProgress } from "../base/progress";
import { Rng } from "../base/rng";
import { engineMemory } from "../engine/backend";
import { bestOfN, type BestOfNPoint } from "../evaluation/bestOfN";
import { summarise, type EvaluationSummary } from "../evaluation/summary";
import { annotateCandidates } from "../factuality/annotator";
import { annotatedCandidateSchema, candidateSchema, questionSchema, type AnnotatedCandidate, type Question } from "../factuality/records";
import type { SamplingOptions } from "../model/generate";
import { openCheckpoint, readCheckpointConfig, writeCheckpoint } from "../model/checkpoint";
import { mergedTensors, readAdapter } from "../model/lora";
import { loadPolicy, policyHash, startEngineFor } from "../model/policy";
import { tokenizePair } from "../preference/collate";
import type { MaskKind } from "../preference/mask";
import { buildPairs, preferencePairSchema, type PairReport } from "../preference/pair";
import { promptIds } from "../text/prompt";
import { loadTokenizer } from "../text/tokenizer";
import { loadAtlas } from "../world/atlas";
import { atlasAnnotator, sampleInto } from "../lab/candidates";
import { powersOfTwo } from "../paper/table6";
import { inspectPage } from "../show/inspect";
import { inspectPairs } from "../preference/inspectPairs";
import { choosePlan, microbatchTable, planFor, planLine, planTable, type MicrobatchChoice, type PlannedRun } from "../align/choosePlan";
import { claimBeside } from "../base/runFolder";
import type { Table } from "../show/table";
import { tokenizeFor, trainRun, type Tokenized, type TrainRun, type TrainRunRequest } from "../align/trainRun";

/** Questions of a file, or every question of Atlas. */
export function questionsOf(file?: string): Question[] {
  if (!file) return Object.values(loadAtlas().splits).flat();
  const rows = readJsonl(file, questionSchema);
  const ids = new Set<string>();
  for (const { id } of rows) {
    if (ids.has(id)) throw new UserError({ where: file, expected: "every question id once", got: `${brief(id)} twice`, fix: "Give each question its own id." });
    ids.add(id);
  }
  return rows;
}

/** @throws UserError where a file has no rows */
export function required<T>(rows: T[], file: string, what: string): T[] {
  if (rows.length === 0) throw new UserError({ where: file, expected: `at least one ${what}`, got: "an empty file", fix: "Check the step that wrote it." });
  return rows;
}

export interface SampleRequest { model: string; questions: string; out: string; k: number; sampling: SamplingOptions; seed: number }

/** K candidates of every question into a file that grows and resumes. Returns how many rows it holds. */
export async function sampleVerb({ model, questions, out, k, sampling, seed }: SampleRequest): Promise<number> {
  const engine = await startEngineFor(model);
  const rows = required(questionsOf(questions), questions, "question");
  claimBeside(out, { policy: policyHash(model), questions: hashOf(rows), k, sampling, seed, engine: engine.arithmetic });
  return (await sampleInto(out, model, rows, k, sampling, seed, "sample candidates")).length;
}

/** Annotates every sentence of every candidate. @param annotator default: Atlas's oracle */
export async function annotateVerb(request: { candidates: string; questions?: string; out: string }, annotator = atlasAnnotator(loadAtlas())): Promise<AnnotatedCandidate[]> {
  const candidates = required(readJsonl(request.candidates, candidateSchema), request.candidates, "candidate");
  const progress = startProgress("annotate", candidates.length);
  try {
    const annotated = await annotateCandidates(candidates, questionsOf(request.questions), annotator, (done) => progress.update(done));
    writeJsonl(request.out, annotated);
    return annotated;
  } finally {
    progress.stop();
  }
}

/** Best and worst candidate of every question; only questions that have candidates count. */
export function pairsVerb(request: { candidates: string; questions?: string; out: string; seed: number }): PairReport {
  const candidates = required(readJsonl(request.candidates, annotatedCandidateSchema), request.candidates, "annotated candidate");
  const seen = new Set(candidates.map(({ questionId }) => questionId));
  const { pairs, report } = buildPairs(candidates, questionsOf(request.questions).filter(({ id }) => seen.has(id)), { seed: request.seed });
  writeJsonl(request.out, pairs);
  return report;
}

/** One self-contained page that shows pairs token by token. */
export function inspectVerb(request: { pairs: string; model: string; mask: MaskKind; out: string; seed: number }): number {
  const pairs = required(readJsonl(request.pairs, preferencePairSchema), request.pairs, "pair");
  const shown = inspectPairs(request.model, pairs, request.mask, request.seed);
  writeFileAtomic(request.out, inspectPage(shown));
  return shown.length;
}

type TrainFiles = Omit<PlannedRun, "config" | "tokenized"> & Omit<MicrobatchChoice, "most"> & Pick<TrainRunRequest, "mask" | "seed"> & { pairs: string };

/** The pairs of a file, as they are and as the policy takes them, and the plan of training on them. @param has bytes there are */
async function planned({ pairs: file, ...run }: TrainFiles): Promise<Pick<TrainRunRequest, "pairs"> & { tokenized: Tokenized; request: PlanRequest; has: number }> {
  const { parallel } = await startEngineFor(run.model), pairs = required(readJsonl(file, preferencePairSchema), file, "pair");
  const config = readCheckpointConfig(run.model), tokenized = tokenizeFor(loadTokenizer(run.model), config, pairs, run.mask, run.seed);
  const request = planFor({ ...run, config, tokenized }, parallel);
  return { pairs, tokenized, request, has: engineMemory(request.workers || 1) };
}

/** Masked DPO from files; leaves a Hugging Face folder, or with `lora` that of an adapter. @param onPlan told what memory it will take @throws UserError as `choosePlan` and `trainRun` */
export async function trainVerb({ memory, fixed, ...files }: TrainFiles & Pick<TrainRunRequest, "out" | "checkpointEvery">, onPlan?: (line: string) => void): Promise<TrainRun> {
  const { pairs, tokenized, request, has } = await planned(files), { options } = files;
  const plan = choosePlan(request, { most: options.microbatch, fixed, memory }, has);
  onPlan?.(planLine(plan, planMemory(request, options.microbatch)));
  return trainRun({ ...files, pairs, tokenized, policyDir: files.model, options: { ...options, microbatch: plan.microbatch } });
}

/** Tables of the memory `trainVerb` would take, by size of microbatch and of the one it would choose. @throws UserError as `choosePlan`, after the first */
export async function* planVerb({ memory, fixed, ...files }: TrainFiles): AsyncGenerator<Table> {
  const { request, has } = await planned(files);
  yield microbatchTable(request, memory ?? has);
  yield planTable(choosePlan(request, { most: files.options.microbatch, fixed, memory }, has));
}

/** A checkpoint with an adapter added to its weights. */
export function mergeVerb({ model, adapter, out }: { model: string; adapter: string; out: string }): void {
  const base = openCheckpoint(model);
  writeCheckpoint(out, base.config, mergedTensors(base, readAdapter(adapter, base.config)), model);
}

/** Summary of annotated answers. */
export function summaryOf(answersFile: string, questionsFile: string | undefined, seed: number): EvaluationSummary {
  const { answers, questions } = answered(answersFile, questionsFile);
  return summarise(answers, questions, new Rng(seed).fork("evaluate"));
}

/** Best-of-N for N = 1, 2, 4, … up to the fewest answers any question has. */
export function bestOfVerb(answersFile: string, questionsFile: string | undefined, seed: number, most = Infinity): BestOfNPoint[] {
  const { answers, questions } = answered(answersFile, questionsFile);
  const counts = new Map<string, number>();
  for (const { questionId } of answers) counts.set(questionId, (counts.get(questionId) ?? 0) + 1);
  return bestOfN(answers, questions, powersOfTwo(Math.min(most, ...counts.values())), new Rng(seed).fork("best of N"));
}

function answered(answersFile: string, questionsFile?: string): { answers: AnnotatedCandidate[]; questions: Question[] } {
  const answers = required(readJsonl(answersFile, annotatedCandidateSchema), answersFile, "annotated answer");
  const seen = new Set(answers.map(({ questionId }) => questionId));
  return { answers, questions: questionsOf(questionsFile).filter(({ id }) => seen.has(id)) };
}

/**
 * One row per pair: masked sums of log-probabilities and token counts of both sides; also of pairs whose mask empties a
 * side, of which training would learn nothing. Returns rows written and pairs left out because they are too long.
 */
export async function logpsVerb(request: { model: string; pairs: string; mask: MaskKind; seed: number; out: string }): Promise<{ rows: number; leftOut: number }> {
  const { arithmetic, parallel } = await startEngineFor(request.model);
  const pairs = required(readJsonl(request.pairs, preferencePairSchema), request.pairs, "pair");
  const policy = loadPolicy(request.model);
  try {
    const { tokenizer, model: { config } } = policy;
    const all = pairs.map((pair) => tokenizePair(pair, tokenizer, promptIds(tokenizer, pair.prompt), { mask: request.mask, seed: request.seed }));
    const tokenized = all.filter(({ chosen, rejected }) => Math.max(chosen.ids.length, rejected.ids.length) <= config.maxPositions);
    const layout = flatLayout(policy.params), weights = flatten(Object.values(policy.params));
    tf.dispose(policy.params); // the vector has all that is needed of them
    const compute = chooseCompute(policy.model, layout, tokenized, tokenized.length, parallel);
    const logps = await cachedLogps(path.join(`${request.out}.run`), `${policyHash(request.model)} ${arithmetic}`, compute, weights, tokenized).finally(() => { compute.close(); weights.dispose(); });
    const count = (mask: Uint8Array) => mask.reduce((a, b) => a + b, 0);
    writeJsonl(request.out, tokenized.map(({ questionId, chosen, rejected }, i) => ({
      questionId, chosenLogps: logps.chosen[i], rejectedLogps: logps.rejected[i],
      chosenTokens: chosen.ids.length - chosen.promptLength, rejectedTokens: rejected.ids.length - rejected.promptLength,
      chosenUnmasked: count(chosen.lossMask), rejectedUnmasked: count(rejected.lossMask),
    })));
    return { rows: tokenized.length, leftOut: all.length - tokenized.length };
  } finally {
    policy.dispose();
  }
}
