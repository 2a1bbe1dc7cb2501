/** Preference construction step by step, as notebook 01 shows it (§2.2); experiments take theirs from `pairSource`. */
import { readConfig } from "../model/config";
import { annotateCandidates } from "../factuality/annotator";
import type { AnnotatedCandidate, Question } from "../factuality/records";
import type { TokenizeReport, TokenizedPair } from "../preference/collate";
import type { MaskKind } from "../preference/mask";
import { buildPairs, type PairReport, type PreferencePair } from "../preference/pair";
import { loadTokenizer } from "../text/tokenizer";
import path from "node:path";
import { atlasAnnotator } from "../lab/candidates";
import { trainingCandidates } from "../lab/pairSource";
import { trainingTopics } from "../lab/questions";
import type { Session } from "../lab/session";
import { tokenizeFor } from "../align/trainRun";

export interface Preferences {
  questions: Question[];
  candidates: AnnotatedCandidate[];
  pairs: PreferencePair[];
  report: PairReport;
}

/** Samples K candidates of every training question from the base policy, annotates every sentence, chooses pairs. */
export async function constructPreferences(session: Session): Promise<Preferences> {
  const questions = trainingTopics(session).flat();
  const candidates = await annotateCandidates(await trainingCandidates(session, "base", questions), questions, atlasAnnotator(session.atlas));
  return { questions, candidates, ...buildPairs(candidates, questions, { seed: session.seed }) };
}

/** Pairs as ids and masks for the base policy; the report counts those no mask can train on. */
export function tokenizePreferences(session: Session, pairs: readonly PreferencePair[], mask: MaskKind): { pairs: TokenizedPair[]; report: TokenizeReport } {
  return tokenizeFor(loadTokenizer(session.baseDir), readConfig(path.join(session.baseDir, "config.json")), pairs, mask, session.seed);
}
