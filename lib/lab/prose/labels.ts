/**
 * Sentences of the model's own answers, judged by reading (data/prose): how far the gazetteer agrees with them. It was
 * corrected on the answers of one half of the topics; the other half it was not.
 */
import path from "node:path";
import { z } from "zod";
import { projectRoot } from "../../base/files";
import { readJsonl } from "../../base/jsonl";
import { Rng } from "../../base/rng";
import type { Interval } from "../../base/stats";
import { agreement, verdictAgreement, type Agreement } from "../../factuality/agreement";
import {
  annotatedCandidateSchema,
  type AnnotatedCandidate,
  type Question,
  type Verdict,
} from "../../factuality/records";
import type { Atlas } from "../../world/atlas";
import { gazetteer } from "../../world/gazetteer/gazetteer";
import { proseQuestions } from "../../world/proseQuestions";

const labelledSchema = z
  .object({
    /** whose answer it is */
    policy: z.enum(["base", "aligned"]),
    half: z.enum(["corrected on", "held out"]),
    answer: annotatedCandidateSchema,
  })
  .strict();
export type Labelled = z.infer<typeof labelledSchema>;

export interface LabelAgreement {
  half: Labelled["half"];
  agreement: Agreement;
  verdicts: { verdict: Verdict; labelled: number; judged: number; precision: Interval; recall: Interval }[];
}

/** @throws UserError for a damaged file */
export function readLabelled(): Labelled[] {
  return readJsonl(path.join(projectRoot, "data/prose/labelled.jsonl"), labelledSchema);
}

/** Agreement on each half. */
export function labelAgreements(atlas: Atlas, seed: number, rows = readLabelled()): LabelAgreement[] {
  const read = gazetteer(atlas);
  const questions = (["train", "validation", "test"] as const).flatMap((split) => proseQuestions(atlas, split));
  const byId = new Map(questions.map((question) => [question.id, question]));
  return (["corrected on", "held out"] as const).map((half) => {
    const human = rows.filter((row) => row.half === half).map(({ answer }) => answer);
    const judged = human.map((answer): AnnotatedCandidate => ({
      ...answer,
      sentences: read(byId.get(answer.questionId)!, answer.completion).map(({ start, end, verdict }) => ({
        start,
        end,
        verdict,
      })),
    }));
    const rng = new Rng(seed).fork("labels").fork(half);
    const asked: Question[] = questions;
    return {
      half,
      agreement: agreement(human, judged, asked, rng),
      verdicts: verdictAgreement(human, judged, asked, rng.fork("verdicts")),
    };
  });
}
