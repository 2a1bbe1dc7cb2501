/** `mask-dpo pairs`: the best and the worst candidate of every question. */
import { readJsonl, required, writeJsonl } from "../base/jsonl";
import { annotatedCandidateSchema } from "../factuality/records";
import { buildPairs, type PairReport } from "../preference/pair";
import { questionsOf } from "../world/questionFile";

export interface PairsRequest {
  candidates: string;
  questions?: string;
  out: string;
  seed: number;
  /** Leave out candidates that a limit cut (`finished: false`). */
  dropUnfinished?: boolean;
}

export interface PairsReport extends PairReport {
  candidates: number;
  /** Of these, cut by a limit. */
  unfinished: number;
}

/** Best and worst candidate of every question; only questions that have candidates count. */
export function pairsVerb(request: PairsRequest): PairsReport {
  const candidates = required(
    readJsonl(request.candidates, annotatedCandidateSchema),
    request.candidates,
    "annotated candidate",
  );
  const seen = new Set(candidates.map(({ questionId }) => questionId));
  const finished = candidates.filter((candidate) => candidate.finished !== false);
  const { pairs, report } = buildPairs(
    request.dropUnfinished ? finished : candidates,
    questionsOf(request.questions).filter(({ id }) => seen.has(id)),
    { seed: request.seed },
  );
  writeJsonl(request.out, pairs);
  return { ...report, candidates: candidates.length, unfinished: candidates.length - finished.length };
}
