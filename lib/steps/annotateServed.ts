/**
 * `mask-dpo sample --server`, `annotate --annotator` and `agreement`, on files. A server's run grows in `<out>.run`,
 * which clients on several machines may share; `<out>` itself is written, atomically, by the one that finds everything
 * done.
 */
import path from "node:path";
import { z } from "zod";
import { UserError, brief } from "../base/check";
import { sum } from "../base/collections";
import { writeFileAtomic } from "../base/files";
import { hashOf, sha256File } from "../base/hash";
import { readJsonl, writeJsonl } from "../base/jsonl";
import { readShards, ShardedLog } from "../base/shardedLog";
import { verdictOrder } from "../factuality/agreement";
import { readAnnotated } from "../factuality/annotatedFile";
import type { ServedAnnotator } from "../factuality/annotators/entry";
import {
  callLog,
  callSchema,
  defaultReplyTokens,
  Judge,
  nothingParsed,
  type JudgeCounts,
} from "../factuality/annotators/judge";
import { annotateServed, annotationReport, judgedLog, judgedSchema } from "../factuality/annotators/llmAnnotator";
import { inputsOf, type AnnotatorInputs } from "../factuality/annotators/registry";
import { candidateSchema, type AnnotatedCandidate, type Candidate, candidateKey } from "../factuality/records";
import { verdictLabels } from "../factuality/verdict";
import { claimBeside } from "../base/runFolder";
import { questionsOf } from "../world/questionFile";
import { byKey, changesText, clientOf, modelOf, serverDefaults, type ServerFlags, usageText, waiting } from "./server";
import { codeVersions } from "../base/codeVersions";

/** Files and options of the annotator are given by their names. */
export interface ServerAnnotateFlags extends ServerFlags, AnnotatorInputs {
  annotator: string;
  candidates: string;
  questions?: string;
  out: string;
  tries: number;
  /** Longest reply of the judging model, in tokens. */
  maxReplyTokens: number;
  cache?: string;
}

/** What is not said. */
export const annotateDefaults = { ...serverDefaults, tries: 3, maxReplyTokens: defaultReplyTokens } as const;

/**
 * In `<out>.run`: the sha256 of the `<out>` it wrote, by which it is seen whether another program has written that
 * since.
 */
export const outHash = "out.sha256";

/** Annotated candidates by a language model. Returns what to say. */
export async function annotateServerVerb(entry: ServedAnnotator, flags: ServerAnnotateFlags): Promise<string> {
  const { candidates: file, out, seed, tries, maxReplyTokens, shard, price } = flags;
  const model = modelOf(flags);
  const client = clientOf(flags);
  const candidates = candidatesOnce(file);
  const asked = new Set(candidates.map(({ questionId }) => questionId));
  const questions = questionsOf(flags.questions).filter(({ id }) => asked.has(id));
  const { options, files } = inputsOf(entry, flags);
  const { source, annotator } = await entry.open({ options, files, questions });
  const dir = claimBeside(out, {
    annotator: entry.name,
    model,
    candidates: hashOf(candidates),
    questions: hashOf(questions),
    source,
    options,
    seed,
    tries,
    maxReplyTokens,
    extra: flags.extra ?? {},
    code: codeVersions("judging"),
  });
  const cache = flags.cache ?? dir;
  const log = new ShardedLog(cache, callLog, shard, callSchema);
  const judges: Judge[] = [];
  const clients = [client];
  const judgeOf = (other?: string): Judge => {
    const own = other ? clientOf(flags, other) : client;
    if (own !== client) clients.push(own);
    const judge = new Judge(own, log, { seed, tries, replyTokens: maxReplyTokens });
    judges.push(judge);
    return judge;
  };
  try {
    await annotateServed(client, annotator(judgeOf), dir, candidates, questions, shard);
  } finally {
    log.close();
  }
  const rows = byKey(readShards(dir, judgedLog, judgedSchema), candidateKey);
  const done = candidates.flatMap((candidate) =>
    rows.has(candidateKey(candidate)) ? [{ candidate, judged: rows.get(candidateKey(candidate))! }] : [],
  );
  const counted = (what: keyof JudgeCounts) => judges.reduce((sum, { counts }) => sum + counts[what], 0);
  const inAll = usageText(readShards(cache, callLog, callSchema), price);
  const asks = `${counted("calls")} calls, ${counted("cached")} from the cache`;
  const usage = `${asks}, ${counted("unparsed")} replies of no use${changesText(clients)}; in all ${inAll}`;
  const report = annotationReport(done.map(({ judged }) => judged));
  const judgedSentences = sum(Object.values(report.sentences));
  if (report.unparsed > 0 && report.unparsed === judgedSentences) throw nothingParsed(judgedSentences);
  if (done.length < candidates.length) return waiting(shard, done.length, candidates.length, "candidates", out, usage);
  writeJsonl(
    out,
    done.map(({ candidate, judged }): AnnotatedCandidate => ({
      ...candidate,
      sentences: judged.sentences.map(({ start, end, verdict }) => ({ start, end, verdict })),
    })),
  );
  writeFileAtomic(path.join(dir, outHash), `${sha256File(out)}\n`);
  const { sentences, unparsed, facts } = report;
  const verdicts = verdictOrder.map((verdict) => `${sentences[verdict]} ${verdictLabels[verdict].label}`).join(", ");
  const statesFacts = done.some(({ judged }) => judged.sentences.some((sentence) => sentence.facts));
  const ofFacts = statesFacts ? `; facts: ${facts.S} supported, ${facts.NS} not` : "";
  const ofThem = `(${unparsed} of them because no reply could be parsed)`;
  return `${done.length} annotated candidates in ${out}: ${verdicts} ${ofThem}${ofFacts}; ${usage}`;
}

/** Rows with or without sentences, each candidate once. */
function candidatesOnce(file: string): (Candidate | AnnotatedCandidate)[] {
  const cut = readJsonl(file, z.record(z.unknown())).some((row) => "sentences" in row);
  const rows: (Candidate | AnnotatedCandidate)[] = cut ? readAnnotated(file) : readJsonl(file, candidateSchema);
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
