/** `mask-dpo sample`: K candidates of every question, from a policy here or from a server (§2.2). */
import path from "node:path";
import { candidateKey } from "../factuality/records";
import { UserError } from "../base/check";
import { hashOf } from "../base/hash";
import { required, writeJsonl } from "../base/jsonl";
import { claimBeside } from "../base/runFolder";
import { readShards } from "../base/shardedLog";
import type { Candidate } from "../factuality/records";
import type { SamplingOptions } from "../model/generate";
import { policyHash, startEngineFor } from "../model/policy";
import { sampleInto } from "../preference/sampleInto";
import { promptText, sampleServed, servedLog, servedSchema } from "../preference/serverSample";
import { loadTokenizer } from "../text/tokenizer";
import { questionsOf } from "../world/questionFile";
import { byKey, clientOf, modelOf, type ServerFlags, usageText, waiting } from "./server";
import { codeVersions } from "../base/codeVersions";

export interface SampleRequest {
  model: string;
  questions: string;
  out: string;
  k: number;
  sampling: SamplingOptions;
  seed: number;
}

/** K candidates of every question into a file that grows and resumes. Returns how many rows it holds. */
export async function sampleVerb({ model, questions, out, k, sampling, seed }: SampleRequest): Promise<number> {
  const engine = await startEngineFor(model);
  const rows = required(questionsOf(questions), questions, "question");
  claimBeside(out, {
    policy: policyHash(model),
    questions: hashOf(rows),
    k,
    sampling,
    seed,
    engine: engine.arithmetic,
    code: codeVersions("sampling"),
  });
  return (await sampleInto(out, model, rows, k, sampling, seed, "sample candidates")).length;
}

export interface ServerSampleFlags extends ServerFlags {
  questions: string;
  out: string;
  k: number;
  sampling: SamplingOptions;
  logprobs?: boolean;
  tokenizer?: string;
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
  const client = clientOf(flags);
  const textOf = flags.tokenizer === undefined ? undefined : promptText(loadTokenizer(flags.tokenizer));
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
  const cut = done.filter(({ finish }) => finish === "length").length;
  if (done.length < order.length) return waiting(shard, done.length, order.length, "candidates", out, usage);
  writeJsonl(
    out,
    done.map(({ questionId, index, completion }): Candidate => ({ questionId, index, completion, seed })),
  );
  const given = done.filter((row) => row.logprobs);
  if (logprobs)
    writeJsonl(
      path.join(dir, "logprobs.jsonl"),
      given.map((row) => ({ questionId: row.questionId, index: row.index, ...row.logprobs })),
    );
  const cutText = cut > 0 ? `, ${cut} cut at ${sampling.maxNewTokens} tokens` : "";
  const kept = logprobs ? `; log-probabilities of ${given.length} in ${path.join(dir, "logprobs.jsonl")}` : "";
  return `${done.length} candidates in ${out}${cutText}; ${usage}${kept}`;
}
