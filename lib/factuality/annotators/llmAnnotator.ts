/**
 * Annotators behind which a language model stands: each judges one sentence of a completion at a time.
 * A sentence whose reply could not be parsed is `unverifiable`, which never rewards it, and is counted.
 */
import { z } from "zod";
import { startProgress } from "../../base/progress";
import { inShard, ShardedLog, type Shard } from "../../base/shardedLog";
import { splitSentences, type Span } from "../../text/sentence";
import { type Annotator, unknownQuestion } from "../annotator";
import { factLabelSchema, type FactLabel } from "../factScore";
import {
  type AnnotatedCandidate,
  type Candidate,
  type Question,
  sentenceSchema,
  type Verdict,
  candidateKey,
} from "../records";
import { allEnded, runJobs } from "../../server/jobs";
import type { ServerClient } from "../../server/client";

/** An atomic fact and what was found about it; `confidence` where answers were counted. */
const judgedFactSchema = z
  .object({ text: z.string(), label: factLabelSchema, confidence: z.number().optional() })
  .strict();
export type JudgedFact = z.infer<typeof judgedFactSchema>;

export interface Judgement {
  verdict: Verdict;
  facts?: JudgedFact[];
  /** No try gave a reply that could be parsed. */
  unparsed?: true;
}

export const unparsed: Judgement = { verdict: "unverifiable", unparsed: true };

export interface LlmAnnotator extends Annotator {
  /** As `annotate`, for sentences that are already cut. */
  judge(question: Question, completion: string, spans: readonly Span[]): Promise<(Span & Judgement)[]>;
}

/** @param judge the protocol, for one sentence */
export function llmAnnotator(
  name: string,
  judge: (question: Question, sentence: string) => Promise<Judgement>,
): LlmAnnotator {
  const all = (question: Question, completion: string, spans: readonly Span[]) =>
    allEnded(
      spans.map(async ({ start, end }) => ({ start, end, ...(await judge(question, completion.slice(start, end))) })),
    );
  return {
    name,
    judge: all,
    annotate: (question, completion) => all(question, completion, splitSentences(completion)),
  };
}

/** The question as the protocols show it: what the user said last. */
export function questionText({ prompt }: Question): string {
  return (prompt.filter(({ role }) => role === "user").at(-1) ?? prompt.at(-1)!).content;
}

export const judgedSchema = z
  .object({
    questionId: z.string(),
    index: z.number().int(),
    sentences: z.array(
      sentenceSchema
        .extend({ facts: z.array(judgedFactSchema).optional(), unparsed: z.literal(true).optional() })
        .strict(),
    ),
  })
  .strict();
/** A candidate's sentences with all that the annotator found. */
export type Judged = z.infer<typeof judgedSchema>;

/** Names of the shards' files in a run folder. */
export const judgedLog = "judged";

/**
 * Annotates this shard's candidates into `dir`, as far as no client has done it yet. Candidates that come with
 * sentences keep their spans, so that verdicts can be compared with those they have.
 * @throws UserError for a candidate of an unknown question, and as `runJobs`; what was judged is kept
 */
export async function annotateServed(
  client: ServerClient,
  annotator: LlmAnnotator,
  dir: string,
  candidates: readonly (Candidate | AnnotatedCandidate)[],
  questions: readonly Question[],
  shard: Shard,
): Promise<void> {
  const byId = new Map(questions.map((question) => [question.id, question]));
  for (const candidate of candidates) if (!byId.has(candidate.questionId)) throw unknownQuestion(candidate);
  const log = new ShardedLog(dir, judgedLog, shard, judgedSchema);
  const wanted = candidates.filter(({ questionId }) => inShard(questionId, shard));
  const known = new Set(log.rows.map(candidateKey));
  const missing = wanted.filter((candidate) => !known.has(candidateKey(candidate)));
  let done = wanted.length - missing.length;
  const progress = startProgress(`annotate (${annotator.name})`, wanted.length, done);
  try {
    await runJobs(
      client,
      missing,
      async (candidate) => {
        const { questionId, index, completion } = candidate;
        const spans = "sentences" in candidate ? candidate.sentences : splitSentences(completion);
        log.append({ questionId, index, sentences: await annotator.judge(byId.get(questionId)!, completion, spans) });
        progress.update(++done);
      },
      "candidates",
    );
  } finally {
    progress.stop();
    log.close();
  }
}

/** What an annotator found in all candidates: sentences by verdict, facts by label. */
export interface AnnotationReport {
  candidates: number;
  sentences: Record<Verdict, number>;
  /** Of the unverifiable ones. */
  unparsed: number;
  facts: Record<FactLabel, number>;
}

export function annotationReport(rows: readonly Judged[]): AnnotationReport {
  const sentences = rows.flatMap((row) => row.sentences);
  const facts = sentences.flatMap((sentence) => sentence.facts ?? []);
  const verdicts = (verdict: Verdict): number => sentences.filter((sentence) => sentence.verdict === verdict).length;
  const labels = (label: FactLabel): number => facts.filter((fact) => fact.label === label).length;
  return {
    candidates: rows.length,
    sentences: {
      supported: verdicts("supported"),
      contradictory: verdicts("contradictory"),
      unverifiable: verdicts("unverifiable"),
      "no-fact": verdicts("no-fact"),
    },
    unparsed: sentences.filter((sentence) => sentence.unparsed).length,
    facts: { S: labels("S"), NS: labels("NS"), IR: labels("IR") },
  };
}
