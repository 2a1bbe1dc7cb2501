/**
 * `mask-dpo sample --server`, `annotate --annotator` and `agreement`, on files. A server's run grows in `<out>.run`,
 * which clients on several machines may share; `<out>` itself is written, atomically, by the one that finds everything
 * done.
 */
import path from "node:path";
import { z } from "zod";
import { UserError, brief } from "../base/check";
import { writeFileAtomic } from "../base/files";
import { hashOf, sha256File } from "../base/hash";
import { readJsonl, writeJsonl } from "../base/jsonl";
import { readShards, ShardedLog } from "../base/shardedLog";
import { verdictOrder } from "../factuality/agreement";
import { anahAnnotator, readDocuments } from "../factuality/annotators/anah";
import { factScoreAnnotator } from "../factuality/annotators/factScoreAnnotator";
import { callLog, callSchema, Judge } from "../factuality/annotators/judge";
import { Knowledge } from "../factuality/knowledge/knowledge";
import {
  annotateServed,
  annotationReport,
  judgedLog,
  judgedSchema,
  type LlmAnnotator,
} from "../factuality/annotators/llmAnnotator";
import { factTuneAnswers, selfConsistencyAnnotator } from "../factuality/annotators/selfConsistency";
import {
  annotatedCandidateSchema,
  candidateSchema,
  type AnnotatedCandidate,
  type Candidate,
  type Question,
  candidateKey,
} from "../factuality/records";
import { verdictLabels } from "../factuality/verdict";
import { claimBeside } from "../base/runFolder";
import { questionsOf } from "../world/questionFile";
import { byKey, clientOf, modelOf, serverDefaults, type ServerFlags, usageText, waiting } from "./server";
import { codeVersions } from "../base/codeVersions";

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

/**
 * In `<out>.run`: the sha256 of the `<out>` it wrote, by which it is seen whether another program has written that
 * since.
 */
export const outHash = "out.sha256";

/** Annotated candidates by a language model. Returns what to say. */
export async function annotateServerVerb(flags: ServerAnnotateFlags): Promise<string> {
  const { annotator: name, candidates: file, out, seed, tries, shard, price } = flags;
  const model = modelOf(flags);
  const client = clientOf(flags);
  const candidates = candidatesOnce(file);
  const asked = new Set(candidates.map(({ questionId }) => questionId));
  const questions = questionsOf(flags.questions).filter(({ id }) => asked.has(id));
  const { source, prepare } = await protocol(flags, questions);
  const dir = claimBeside(out, {
    annotator: name,
    model,
    candidates: hashOf(candidates),
    questions: hashOf(questions),
    source,
    ...(name === "self-consistency" && { answers: flags.answers, answerModel: flags.answerModel ?? model }),
    seed,
    tries,
    extra: flags.extra ?? {},
    code: codeVersions("judging"),
  });
  const cache = flags.cache ?? dir;
  const calls = new ShardedLog(cache, callLog, shard, callSchema);
  const judge = new Judge(client, calls, { seed, tries });
  const answerer = new Judge(flags.answerModel ? clientOf(flags, flags.answerModel) : client, calls, { seed, tries });
  try {
    await annotateServed(client, prepare(judge, answerer), dir, candidates, questions, shard);
  } finally {
    calls.close();
  }
  const rows = byKey(readShards(dir, judgedLog, judgedSchema), candidateKey);
  const done = candidates.flatMap((candidate) =>
    rows.has(candidateKey(candidate)) ? [{ candidate, judged: rows.get(candidateKey(candidate))! }] : [],
  );
  const usage = `${judge.counts.calls + answerer.counts.calls} calls, ${judge.counts.cached + answerer.counts.cached} from the cache, ${judge.counts.unparsed} replies of no use; in all ${usageText(readShards(cache, callLog, callSchema), price)}`;
  if (done.length < candidates.length) return waiting(shard, done.length, candidates.length, "candidates", out, usage);
  writeJsonl(
    out,
    done.map(({ candidate, judged }): AnnotatedCandidate => ({
      ...candidate,
      sentences: judged.sentences.map(({ start, end, verdict }) => ({ start, end, verdict })),
    })),
  );
  writeFileAtomic(path.join(dir, outHash), `${sha256File(out)}\n`);
  const { sentences, unparsed, facts } = annotationReport(done.map(({ judged }) => judged));
  const verdicts = verdictOrder.map((verdict) => `${sentences[verdict]} ${verdictLabels[verdict].label}`).join(", ");
  const ofFacts = name === "anah" ? "" : `; facts: ${facts.S} supported, ${facts.NS} not`;
  return `${done.length} annotated candidates in ${out}: ${verdicts} (${unparsed} of them because no reply could be parsed)${ofFacts}; ${usage}`;
}

/** Rows with or without sentences, each candidate once. */
function candidatesOnce(file: string): (Candidate | AnnotatedCandidate)[] {
  const cut = readJsonl(file, z.record(z.unknown())).some((row) => "sentences" in row);
  const rows: (Candidate | AnnotatedCandidate)[] = readJsonl(file, cut ? annotatedCandidateSchema : candidateSchema);
  const seen = new Set<string>();
  if (rows.length === 0)
    throw new UserError({
      where: file,
      expected: "at least one candidate",
      got: "an empty file",
      fix: "Check the step that wrote it.",
    });
  for (const row of rows) {
    if (seen.has(candidateKey(row)))
      throw new UserError({
        where: file,
        expected: "every candidate once",
        got: `candidate ${row.index} of question ${brief(row.questionId)} twice`,
        fix: "Remove one of the rows.",
      });
    seen.add(candidateKey(row));
  }
  return rows;
}

/** Reads what the annotator needs: the hash of that, and how to make the annotator. */
async function protocol(
  flags: ServerAnnotateFlags,
  questions: readonly Question[],
): Promise<{ source: string; prepare: (judge: Judge, answerer: Judge) => LlmAnnotator }> {
  if (flags.annotator === "anah") {
    const file = needed(flags, "documents", "a JSONL file of rows {questionId or topic, document}");
    const documents = readDocuments(file, questions);
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
  if (!file)
    throw new UserError({
      where: `--${flag}`,
      expected: `${what} for --annotator ${flags.annotator}`,
      got: "none",
      fix: "Give one.",
    });
  return file;
}
