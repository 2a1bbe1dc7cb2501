/** `mask-dpo sample`: K candidates of every question, from a policy here or from a server (§2.2). */
import path from "node:path";
import { candidateKey } from "../factuality/records";
import { brief, someOf, UserError } from "../base/check";
import { hashOf } from "../base/hash";
import { required, writeJsonl } from "../base/jsonl";
import { claimBeside } from "../base/runFolder";
import { readShards } from "../base/shardedLog";
import type { SamplingOptions } from "../model/generate";
import { policyHash, startEngineFor } from "../model/policy";
import { sampleInto } from "../preference/sampleInto";
import { endTokenText, servedCandidate } from "../preference/served";
import { promptText, sampleServed, servedLog, servedSchema, type Served } from "../preference/serverSample";
import { isFinished } from "../server/wire";
import { loadTokenizer } from "../text/tokenizer";
import { questionsOf } from "../world/questionFile";
import { byKey, changesText, clientOf, modelOf, type ServerFlags, usageText, waiting } from "./server";
import { codeVersions } from "../base/codeVersions";

export interface SampleRequest {
  model: string;
  questions: string;
  out: string;
  k: number;
  sampling: SamplingOptions;
  seed: number;
}

/** What `sample` has made. */
export interface SampleReport {
  rows: number;
  /** Of these, cut at the token limit or the model's last position. */
  unfinished: number;
  /** Ids of questions whose prompt leaves no position of the model for an answer. */
  leftOut: string[];
}

/** K candidates of every question into a file that grows and resumes. */
export async function sampleVerb({ model, questions, out, k, sampling, seed }: SampleRequest): Promise<SampleReport> {
  const engine = await startEngineFor(model);
  const asked = required(questionsOf(questions), questions, "question");
  checkRows(asked.length, k);
  claimBeside(out, {
    policy: policyHash(model),
    questions: hashOf(asked),
    k,
    sampling,
    seed,
    engine: engine.arithmetic,
    code: codeVersions("sampling"),
  });
  const { rows, leftOut } = await sampleInto(out, model, asked, k, sampling, seed, "sample candidates");
  return { rows: rows.length, unfinished: rows.filter(({ finished }) => finished === false).length, leftOut };
}

/** ", 3 of 8 cut at 256 tokens or the model's last position; 1 question left out …", or nothing. */
export function sampleNotes({ rows, unfinished, leftOut }: SampleReport, { maxNewTokens }: SamplingOptions): string {
  const cut = unfinished > 0 ? `, ${unfinished} of ${rows} cut (at ${maxNewTokens} tokens or the last position)` : "";
  const without = `${leftOut.length} ${leftOut.length === 1 ? "question" : "questions"} left out`;
  const out = leftOut.length > 0 ? `; ${without}, as long as the model's positions: ${someOf(leftOut)}` : "";
  return cut + out;
}

export interface ServerSampleFlags extends ServerFlags {
  questions: string;
  out: string;
  k: number;
  sampling: SamplingOptions;
  logprobs?: boolean;
  tokenizer?: string;
}

export const mostRows = 10_000_000;

/** @throws UserError for more completions than memory could hold the rows of */
function checkRows(questions: number, k: number): void {
  if (questions * k <= mostRows) return;
  throw new UserError({
    where: "--k",
    expected: `at most ${mostRows} completions in one run`,
    got: `${k} of each of ${questions} questions`,
    fix: "Lower --k, or split the questions into several runs.",
  });
}

/** K candidates of every question from a server. Returns what to say. */
export async function sampleServerVerb(flags: ServerSampleFlags): Promise<string> {
  const { questions: file, out, k, sampling, seed, logprobs = false, shard, price } = flags;
  const model = modelOf(flags);
  const questions = questionsOf(file);
  if (questions.length === 0)
    throw new UserError({
      where: file,
      expected: "at least one question",
      got: "an empty file",
      fix: "Check the step that wrote it.",
    });
  checkRows(questions.length, k);
  const client = clientOf(flags);
  const tokenizer = flags.tokenizer === undefined ? undefined : loadTokenizer(flags.tokenizer);
  const textOf = tokenizer && promptText(tokenizer);
  const texts = textOf && new Map(questions.map((question) => [question, textOf(question)]));
  const dir = claimBeside(out, {
    model,
    questions: hashOf(questions),
    k,
    sampling,
    seed,
    logprobs,
    prompts: texts ? hashOf([...texts.values()]) : "messages",
    extra: flags.extra ?? {},
    code: codeVersions("sampling"),
  });
  await sampleServed(client, dir, questions, shard, {
    k,
    sampling,
    seed,
    logprobs,
    promptOf: (question) => texts?.get(question) ?? question.prompt,
  });

  const rows = byKey(readShards(dir, servedLog, servedSchema), candidateKey);
  const order = questions.flatMap(({ id }) => Array.from({ length: k }, (_, index) => ({ questionId: id, index })));
  const done = order.flatMap((name) => rows.get(candidateKey(name)) ?? []);
  const usage = usageText(done, price);
  if (done.length < order.length) return waiting(shard, done.length, order.length, "candidates", out, usage);
  const candidates = done.map((row) => servedCandidate(row, seed, tokenizer));
  writeJsonl(out, candidates);
  const given = done.filter((row) => row.logprobs);
  if (logprobs)
    writeJsonl(
      path.join(dir, "logprobs.jsonl"),
      given.map((row) => ({ questionId: row.questionId, index: row.index, ...row.logprobs })),
    );
  const kept = logprobs ? `; log-probabilities of ${given.length} in ${path.join(dir, "logprobs.jsonl")}` : "";
  const notes = `${unfinishedText(done, sampling.maxNewTokens)}${endTokenText(candidates)}${equalText(done, sampling)}`;
  return `${done.length} candidates in ${out}${notes}; ${usage}${changesText([client])}${kept}`;
}

/** What is said where every question has the same candidate again and again, though it was to be sampled. */
function equalText(rows: readonly Served[], { temperature }: SamplingOptions): string {
  const questions = new Set(rows.map(({ questionId }) => questionId)).size;
  const texts = new Set(rows.map(({ questionId, completion }) => JSON.stringify([questionId, completion]))).size;
  if (temperature === 0 || rows.length === questions || texts > questions) return "";
  return (
    `, of every question all the same although the temperature is ${temperature}: the server does not sample, or not ` +
    'by the seed (transformers serve wants --top-k 0 --extra \'{"generation_config":"{\\"do_sample\\":true,' +
    '\\"top_k\\":40}"}\')'
  );
}

/** ", 3 cut at 256 tokens, 1 ended by content_filter": each reason that is not the model's own end. */
function unfinishedText(rows: readonly Served[], maxNewTokens: number): string {
  const reasons = rows.filter((row) => !isFinished(row)).map(({ finish }) => finish);
  return [...new Set(reasons)]
    .map((reason) => {
      const how = reason === "length" ? `cut at ${maxNewTokens} tokens` : `ended by ${brief(reason, 40)}`;
      return `, ${reasons.filter((other) => other === reason).length} ${how}`;
    })
    .join("");
}
