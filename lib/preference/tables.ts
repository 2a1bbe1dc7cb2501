/** Candidates and pairs as notebook 01 shows them. */
import { Rng } from "../base/rng";
import type { Interval } from "../base/stats";
import { bestOfN } from "../evaluation/bestOfN";
import type { AnnotatedCandidate } from "../factuality/records";
import { factualityScore } from "../factuality/score";
import type { TokenizeReport } from "./collate";
import type { Mixing, Shares } from "./mixing";
import type { PairReport } from "./pair";
import { percent } from "../evaluation/arm";
import type { FrameRow } from "../show/frame";
import { verdictLook } from "../show/palette";
import type { Preferences } from "../paper/pairs";
import type { Session } from "../lab/session";
import type { Cell, Table } from "../show/table";

/** Candidates as rows for exploration: kind of question, score, number of sentences, characters. */
export function scoreRows(candidates: readonly AnnotatedCandidate[]): FrameRow[] {
  return candidates.map(({ questionId, sentences, completion }) => ({
    kind: questionId.slice(questionId.lastIndexOf(":") + 1), score: factualityScore(sentences) ?? 0, sentences: sentences.length, characters: completion.length,
  }));
}

/** Mean score of the best of all K candidates, percent. */
export function bestOfCandidates({ candidates, questions }: Preferences, { preset, seed }: Session): Interval {
  return percent(bestOfN(candidates, questions, [preset.candidates], new Rng(seed).fork("best of candidates"))[0]!.macroScore);
}

/** Some candidates of one question, best and worst included, each sentence with its verdict's letter. */
export function candidatesTable({ questions, candidates, pairs }: Preferences, pair: number, rows: number): Table {
  const { questionId, chosen, rejected } = pairs[pair]!;
  const own = candidates.filter((candidate) => candidate.questionId === questionId);
  const role = (text: string) => (text === chosen.completion ? "chosen" : text === rejected.completion ? "rejected" : "");
  const picked = [...own.filter(({ completion }) => role(completion)).filter(({ completion }, i, all) => all.findIndex((other) => other.completion === completion) === i), ...own.filter(({ completion }) => !role(completion))].slice(0, rows);
  return {
    name: "01-candidates", caption: `Candidates for "${questions.find(({ id }) => id === questionId)!.prompt.at(-1)!.content}"`,
    columns: [{ key: "role", label: "Becomes" }, { key: "score", label: "Score (%)", digits: 0 }, { key: "text", label: "Completion, each sentence with its verdict" }],
    rows: picked.map(({ completion, sentences }) => ({
      role: role(completion), score: 100 * (factualityScore(sentences) ?? 0),
      text: sentences.map(({ start, end, verdict }) => `${completion.slice(start, end)} [${verdictLook[verdict].letter}]`).join(" "),
    })),
  };
}

/** How many questions fell to each filter of §2.2. */
export function pairReportTable(report: PairReport): Table {
  const row = (what: string, questions: number) => ({ what, questions });
  return {
    name: "01-pair-filters", caption: "Preference construction (§2.2): what became of the questions",
    columns: [{ key: "what", label: "Outcome" }, { key: "questions", label: "Questions" }],
    rows: [
      row("asked", report.questions), row("pair kept", report.pairs), row("fewer than two candidates with a score", report.tooFewCandidates),
      row("chosen without a correct sentence", report.chosenWithoutCorrect), row("rejected without an incorrect sentence", report.rejectedWithoutIncorrect), row("chosen and rejected equal", report.identical),
    ],
  };
}

/** How mixed right and wrong are in the pairs: what the mask has to work on; in tokens too where a tokenizer was there. */
export function mixingTable(mixing: Mixing, tokens?: Shares, tokenized?: TokenizeReport): Table {
  const row = (what: string, value: Cell) => ({ what, value });
  return {
    name: "01-mixing", caption: "How mixed the pairs are: the mask drops wrong sentences of chosen and right ones of rejected",
    columns: [{ key: "what", label: "Quantity" }, { key: "value", label: "Value", align: "right" }],
    rows: [
      row("pairs", mixing.pairs), ...(tokenized ? [row("pairs whose mask empties a side (not trained on)", tokenized.emptied.length)] : []),
      row("mean score of chosen (%)", 100 * mixing.scores.chosen), row("mean score of rejected (%)", 100 * mixing.scores.rejected),
      row("wrong sentences in chosen (%)", 100 * mixing.sentences.wrongInChosen), row("right sentences in rejected (%)", 100 * mixing.sentences.rightInRejected),
      ...(tokens ? [row("wrong tokens in chosen (%)", 100 * tokens.wrongInChosen), row("right tokens in rejected (%)", 100 * tokens.rightInRejected)] : []),
      row("pairs in which the mask drops something (%)", 100 * mixing.mixedPairs),
    ],
  };
}
