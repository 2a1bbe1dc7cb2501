/**
 * `mask-dpo sample --server`, `annotate --annotator` and `agreement`, on files. A server's run grows in `<out>.run`, which
 * clients on several machines may share; `<out>` itself is written, atomically, by the one that finds everything done.
 */
import path from "node:path";
import { z } from "zod";
import { UserError, brief } from "../base/check";
import { writeFileAtomic } from "../base/files";
import { hashOf, sha256File } from "../base/hash";
import { readJsonl, writeJsonl } from "../base/jsonl";
import { Rng } from "../base/rng";
import { readShards, ShardedLog, type Shard } from "../base/shardedLog";
import { agreement, verdictOrder, type Agreement } from "../factuality/agreement";
import { anahAnnotator, readDocuments } from "../factuality/annotators/anah";
import { factScoreAnnotator } from "../factuality/annotators/factScoreAnnotator";
import { callLog, callSchema, Judge } from "../factuality/annotators/judge";
import { Knowledge } from "../factuality/knowledge/knowledge";
import { annotateServed, annotationReport, judgedKey, judgedLog, judgedSchema, type LlmAnnotator } from "../factuality/annotators/llmAnnotator";
import { factTuneAnswers, selfConsistencyAnnotator } from "../factuality/annotators/selfConsistency";
import { annotatedCandidateSchema, candidateSchema, type AnnotatedCandidate, type Candidate, type Question } from "../factuality/records";
import { verdictLabels } from "../factuality/verdict";
import type { SamplingOptions } from "../model/generate";
import { promptText, sampleServed, servedKey, servedLog, servedSchema } from "../preference/serverSample";
import { loadTokenizer } from "../text/tokenizer";
import { percent } from "../evaluation/arm";
import { claimBeside } from "../base/runFolder";
import { clientOf, serverDefaults, usageText, type ServerFlags } from "./server";
import type { Table } from "../show/table";
import { questionsOf } from "./verbs";

export interface ServerSampleFlags extends ServerFlags { questions: string; out: string; k: number; sampling: SamplingOptions; logprobs?: boolean; tokenizer?: string }

/** K candidates of every question from a server. Returns what to say. */
export async function sampleServerVerb(flags: ServerSampleFlags): Promise<string> {
  const { questions: file, out, k, sampling, seed, logprobs = false, shard, price } = flags;
  const model = named(flags), questions = questionsOf(file);
  if (questions.length === 0) throw new UserError({ where: file, expected: "at least one question", got: "an empty file", fix: "Check the step that wrote it." });
  const client = clientOf(flags), textOf = flags.tokenizer === undefined ? undefined : promptText(loadTokenizer(flags.tokenizer));
  const texts = textOf && new Map(questions.map((question) => [question, textOf(question)]));
  const dir = claimBeside(out, { model, questions: hashOf(questions), k, sampling, seed, logprobs, prompts: texts ? hashOf([...texts.values()]) : "messages", extra: flags.extra ?? {} });
  await sampleServed(client, dir, questions, shard, { k, sampling, seed, logprobs, promptOf: (question) => texts?.get(question) ?? question.prompt });

  const rows = byKey(readShards(dir, servedLog, servedSchema), servedKey);
  const order = questions.flatMap(({ id }) => Array.from({ length: k }, (_, index) => ({ questionId: id, index })));
  const done = order.flatMap((name) => rows.get(servedKey(name)) ?? []);
  const usage = usageText(done, price), cut = done.filter(({ finish }) => finish === "length").length;
  if (done.length < order.length) return waiting(shard, done.length, order.length, "candidates", out, usage);
  writeJsonl(out, done.map(({ questionId, index, completion }): Candidate => ({ questionId, index, completion, seed })));
  const given = done.filter((row) => row.logprobs);
  if (logprobs) writeJsonl(path.join(dir, "logprobs.jsonl"), given.map((row) => ({ questionId: row.questionId, index: row.index, ...row.logprobs })));
  return `${done.length} candidates in ${out}${cut > 0 ? `, ${cut} cut at ${sampling.maxNewTokens} tokens` : ""}; ${usage}${logprobs ? `; log-probabilities of ${given.length} in ${path.join(dir, "logprobs.jsonl")}` : ""}`;
}

export const serverAnnotators = ["anah", "factscore", "self-consistency"] as const;
export interface ServerAnnotateFlags extends ServerFlags {
  annotator: (typeof serverAnnotators)[number];
  candidates: string;
  questions?: string;
  out: string;
  documents?: string;
  knowledge?: string;
  answerModel?: string;
  answers: number;
  tries: number;
  cache?: string;
}

/** What is not said. */
export const annotateDefaults = { ...serverDefaults, answers: factTuneAnswers, tries: 3 } as const;

/** In `<out>.run`: the sha256 of the `<out>` it wrote, by which it is seen whether another program has written that since. */
export const outHash = "out.sha256";

/** Annotated candidates by a language model. Returns what to say. */
export async function annotateServerVerb(flags: ServerAnnotateFlags): Promise<string> {
  const { annotator: name, candidates: file, out, seed, tries, shard, price } = flags;
  const model = named(flags), client = clientOf(flags);
  const candidates = candidatesOnce(file);
  const asked = new Set(candidates.map(({ questionId }) => questionId));
  const questions = questionsOf(flags.questions).filter(({ id }) => asked.has(id));
  const { source, prepare } = await protocol(flags, questions);
  const dir = claimBeside(out, { annotator: name, model, candidates: hashOf(candidates), questions: hashOf(questions), source, ...(name === "self-consistency" && { answers: flags.answers, answerModel: flags.answerModel ?? model }), seed, tries, extra: flags.extra ?? {} });
  const cache = flags.cache ?? dir;
  const calls = new ShardedLog(cache, callLog, shard, callSchema);
  const judge = new Judge(client, calls, { seed, tries });
  const answerer = new Judge(flags.answerModel ? clientOf(flags, flags.answerModel) : client, calls, { seed, tries });
  try {
    await annotateServed(client, prepare(judge, answerer), dir, candidates, questions, shard);
  } finally {
    calls.close();
  }
  const rows = byKey(readShards(dir, judgedLog, judgedSchema), judgedKey);
  const done = candidates.flatMap((candidate) => (rows.has(judgedKey(candidate)) ? [{ candidate, judged: rows.get(judgedKey(candidate))! }] : []));
  const usage = `${judge.counts.calls + answerer.counts.calls} calls, ${judge.counts.cached + answerer.counts.cached} from the cache, ${judge.counts.unparsed} replies of no use; in all ${usageText(readShards(cache, callLog, callSchema), price)}`;
  if (done.length < candidates.length) return waiting(shard, done.length, candidates.length, "candidates", out, usage);
  writeJsonl(out, done.map(({ candidate, judged }): AnnotatedCandidate => ({ ...candidate, sentences: judged.sentences.map(({ start, end, verdict }) => ({ start, end, verdict })) })));
  writeFileAtomic(path.join(dir, outHash), `${sha256File(out)}\n`);
  const { sentences, unparsed, facts } = annotationReport(done.map(({ judged }) => judged));
  const verdicts = verdictOrder.map((verdict) => `${sentences[verdict]} ${verdictLabels[verdict].label}`).join(", ");
  const ofFacts = name === "anah" ? "" : `; facts: ${facts.S} supported, ${facts.NS} not`;
  return `${done.length} annotated candidates in ${out}: ${verdicts} (${unparsed} of them because no reply could be parsed)${ofFacts}; ${usage}`;
}

/** Agreement of two files of annotated candidates. */
export function agreementVerb(request: { human: string; annotated: string; questions?: string; seed: number }): Agreement {
  return agreement(readJsonl(request.human, annotatedCandidateSchema), readJsonl(request.annotated, annotatedCandidateSchema), questionsOf(request.questions), new Rng(request.seed).fork("agreement"));
}

/** Statistics with their intervals, and the confusion matrix. */
export function agreementTables({ topics, sentences, confusion, verdicts, hallucination }: Agreement): Table[] {
  const label = (verdict: (typeof verdictOrder)[number]): string => verdictLabels[verdict].label;
  return [
    {
      name: "agreement", caption: `Agreement with human labels on ${sentences} sentences of ${topics} topics (95 % intervals over topics)`,
      columns: [{ key: "of", label: "Of" }, { key: "accuracy", label: "% Accuracy" }, { key: "kappa", label: "kappa", digits: 3 }, { key: "precision", label: "% Precision" }, { key: "recall", label: "% Recall" }, { key: "f1", label: "% F1" }],
      rows: [
        { of: "hallucination or not", accuracy: percent(hallucination.accuracy), kappa: hallucination.kappa, precision: percent(hallucination.precision), recall: percent(hallucination.recall), f1: percent(hallucination.f1) },
        { of: "four verdicts", accuracy: percent(verdicts.accuracy), kappa: verdicts.kappa, precision: null, recall: null, f1: null },
      ],
    },
    {
      name: "confusion", caption: "Sentences by human (rows) and annotator (columns)",
      columns: [{ key: "human", label: "Human" }, ...verdictOrder.map((verdict) => ({ key: verdict, label: label(verdict) }))],
      rows: verdictOrder.map((human, i) => ({ human: label(human), ...Object.fromEntries(verdictOrder.map((verdict, j) => [verdict, confusion[i]![j]!])) })),
    },
  ];
}

function named({ server, modelName }: ServerFlags): string {
  if (!server) throw new UserError({ where: "--server", expected: "the address of a server for this annotator", got: "none", fix: "Give --server and --model-name." });
  if (!modelName) throw new UserError({ where: "--model-name", expected: "the name of a model with --server", got: "none", fix: "Ask the server: <address>/models lists its models." });
  return modelName;
}

function byKey<T>(rows: readonly T[], key: (row: T) => string): Map<string, T> {
  return new Map(rows.slice().reverse().map((row) => [key(row), row])); // the first of several counts
}

function waiting({ index, of }: Shard, done: number, all: number, what: string, out: string, usage: string): string {
  return `share ${index} of ${of} done, ${done} of ${all} ${what} in all; ${out} is written when the other shares are; ${usage}`;
}

/** Rows with or without sentences, each candidate once. */
function candidatesOnce(file: string): (Candidate | AnnotatedCandidate)[] {
  const cut = readJsonl(file, z.record(z.unknown())).some((row) => "sentences" in row);
  const rows: (Candidate | AnnotatedCandidate)[] = readJsonl(file, cut ? annotatedCandidateSchema : candidateSchema), seen = new Set<string>();
  if (rows.length === 0) throw new UserError({ where: file, expected: "at least one candidate", got: "an empty file", fix: "Check the step that wrote it." });
  for (const row of rows) {
    if (seen.has(judgedKey(row))) throw new UserError({ where: file, expected: "every candidate once", got: `candidate ${row.index} of question ${brief(row.questionId)} twice`, fix: "Remove one of the rows." });
    seen.add(judgedKey(row));
  }
  return rows;
}

/** Reads what the annotator needs: the hash of that, and how to make the annotator. */
async function protocol(flags: ServerAnnotateFlags, questions: readonly Question[]): Promise<{ source: string; prepare(judge: Judge, answerer: Judge): LlmAnnotator }> {
  if (flags.annotator === "anah") {
    const file = needed(flags, "documents", "a JSONL file of rows {questionId or topic, document}"), documents = readDocuments(file, questions);
    return { source: sha256File(file), prepare: (judge) => anahAnnotator(judge, documents) };
  }
  if (flags.annotator === "factscore") {
    const file = needed(flags, "knowledge", "a JSONL file of rows {title, text}, or FActScore's SQLite database,");
    const knowledge = await Knowledge.read(file, new Set(questions.map(({ topic }) => topic)));
    return { source: knowledge.hash, prepare: (judge) => factScoreAnnotator(judge, knowledge) };
  }
  return { source: "none", prepare: (judge, answerer) => selfConsistencyAnnotator(judge, answerer, flags.answers) };
}

/** @throws UserError when this annotator's file is not named */
function needed(flags: ServerAnnotateFlags, flag: "documents" | "knowledge", what: string): string {
  const file = flags[flag];
  if (!file) throw new UserError({ where: `--${flag}`, expected: `${what} for --annotator ${flags.annotator}`, got: "none", fix: "Give one." });
  return file;
}
