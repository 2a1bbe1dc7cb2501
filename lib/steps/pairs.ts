/** `mask-dpo pairs`: the best and the worst candidate of every question. */
import { writeJsonl } from "../base/jsonl";
import { buildPairs, type PairReport } from "../preference/pair";
import { questionsOf } from "../world/questionFile";
import { readRows } from "./rows";

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
  const candidates = readRows("annotated", request.candidates);
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
