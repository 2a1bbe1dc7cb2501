/** Preference construction step by step, as notebook 01 shows it (§2.2); experiments take theirs from `pairSource`. */
import { tokenizeFor } from "../preference/tokenizeFor";
import type { Traced } from "../show/provenance";
import { percent } from "../base/percent";
import { Rng } from "../base/rng";
import type { Interval } from "../base/stats";
import { bestOfN } from "../evaluation/bestOfN";
import { factualityScore } from "../factuality/score";
import { readConfig } from "../model/configFile";
import { annotateCandidates } from "../factuality/annotator";
import type { AnnotatedCandidate, Question } from "../factuality/records";
import type { TokenizeReport, TokenizedPair } from "../preference/collate";
import type { Mask } from "../preference/mask";
import { buildPairs, type PairReport, type PreferencePair } from "../preference/pair";
import { verdictLook } from "../show/palette";
import type { Table } from "../show/table";
import { loadTokenizer } from "../text/tokenizer";
import path from "node:path";
import { trainingCandidates } from "../lab/pairSource";
import { trainingTopics } from "../lab/questions";
import type { Session } from "../lab/session";
import { atlasAnnotator } from "../world/oracle";

export interface Preferences extends Traced {
  questions: Question[];
  candidates: AnnotatedCandidate[];
  pairs: PreferencePair[];
  report: PairReport;
}

/** Samples K candidates of every training question from the base policy, annotates every sentence, chooses pairs. */
export async function constructPreferences(session: Session): Promise<Preferences> {
  const questions = trainingTopics(session).flat();
  const sampled = await trainingCandidates(session, "base", questions);
  const candidates = await annotateCandidates(sampled.candidates, questions, atlasAnnotator(session.atlas));
  return { runs: sampled.runs, questions, candidates, ...buildPairs(candidates, questions, { seed: session.seed }) };
}

/** Pairs as ids and masks for the base policy; the report counts those no mask can train on. */
export function tokenizePreferences(
  session: Session,
  pairs: readonly PreferencePair[],
  mask: Mask,
): { pairs: TokenizedPair[]; report: TokenizeReport } {
  return tokenizeFor(
    loadTokenizer(session.baseDir),
    readConfig(path.join(session.baseDir, "config.json")),
    pairs,
    mask,
    session.seed,
  );
}

/** Mean score of the best of all K candidates, percent. */
export function bestOfCandidates({ candidates, questions }: Preferences, { preset, seed }: Session): Interval {
  return percent(
    bestOfN(candidates, questions, [preset.candidates], new Rng(seed).fork("best of candidates"))[0]!.macroScore,
  );
}

/** Some candidates of one question, best and worst included, each sentence with its verdict's letter. */
export function candidatesTable(
  { questions, candidates, pairs, runs }: Preferences,
  pair: number,
  rows: number,
): Table {
  const { questionId, chosen, rejected } = pairs[pair]!;
  const own = candidates.filter((candidate) => candidate.questionId === questionId);
  const roles = new Map([
    [rejected.completion, "rejected"],
    [chosen.completion, "chosen"],
  ]);
  const role = (text: string) => roles.get(text) ?? "";
  const picked = [
    ...own
      .filter(({ completion }) => role(completion))
      .filter(({ completion }, i, all) => all.findIndex((other) => other.completion === completion) === i),
    ...own.filter(({ completion }) => !role(completion)),
  ].slice(0, rows);
  return {
    runs,
    name: "01-candidates",
    caption: `Candidates for "${questions.find(({ id }) => id === questionId)!.prompt.at(-1)!.content}"`,
    columns: [
      { key: "role", label: "Becomes" },
      { key: "score", label: "Score (%)", digits: 0 },
      { key: "text", label: "Completion, each sentence with its verdict" },
    ],
    rows: picked.map(({ completion, sentences }) => ({
      role: role(completion),
      score: 100 * (factualityScore(sentences) ?? 0),
      text: sentences
        .map(({ start, end, verdict }) => `${completion.slice(start, end)} [${verdictLook[verdict].letter}]`)
        .join(" "),
    })),
  };
}
