/** Candidates and pairs as notebook 01 shows them. */
import type { AnnotatedCandidate } from "../factuality/records";
import { factualityScore } from "../factuality/score";
import type { TokenizeReport } from "./collate";
import type { Mixing, Shares } from "./mixing";
import type { PairReport } from "./pair";
import type { FrameRow } from "../show/frame";
import type { Cell, Table } from "../show/table";

/** Candidates as rows for exploration: kind of question, score, number of sentences, characters. */
export function scoreRows(candidates: readonly AnnotatedCandidate[]): FrameRow[] {
  return candidates.map(({ questionId, sentences, completion }) => ({
    kind: questionId.slice(questionId.lastIndexOf(":") + 1),
    score: factualityScore(sentences) ?? 0,
    sentences: sentences.length,
    characters: completion.length,
  }));
}

/** How many questions fell to each filter of §2.2. */
export function pairReportTable(report: PairReport): Table {
  const row = (what: string, questions: number) => ({ what, questions });
  return {
    name: "01-pair-filters",
    caption: "Preference construction (§2.2): what became of the questions",
    columns: [
      { key: "what", label: "Outcome" },
      { key: "questions", label: "Questions" },
    ],
    rows: [
      row("asked", report.questions),
      row("pair kept", report.pairs),
      row("fewer than two candidates with a score", report.tooFewCandidates),
      row("chosen without a correct sentence", report.chosenWithoutCorrect),
      row("rejected without an incorrect sentence", report.rejectedWithoutIncorrect),
      row("chosen and rejected equal", report.identical),
    ],
  };
}

/**
 * How mixed right and wrong are in the pairs: what the mask has to work on; in tokens too where a tokenizer was there.
 */
export function mixingTable(mixing: Mixing, tokens?: Shares, tokenized?: TokenizeReport): Table {
  const row = (what: string, value: Cell) => ({ what, value });
  return {
    name: "01-mixing",
    caption: "How mixed the pairs are: the mask drops wrong sentences of chosen and right ones of rejected",
    columns: [
      { key: "what", label: "Quantity" },
      { key: "value", label: "Value", align: "right" },
    ],
    rows: [
      row("pairs", mixing.pairs),
      ...(tokenized ? [row("pairs whose mask empties a side (not trained on)", tokenized.emptied.length)] : []),
      row("mean score of chosen (%)", 100 * mixing.scores.chosen),
      row("mean score of rejected (%)", 100 * mixing.scores.rejected),
      row("wrong sentences in chosen (%)", 100 * mixing.sentences.wrongInChosen),
      row("right sentences in rejected (%)", 100 * mixing.sentences.rightInRejected),
      ...(tokens
        ? [
            row("wrong tokens in chosen (%)", 100 * tokens.wrongInChosen),
            row("right tokens in rejected (%)", 100 * tokens.rightInRejected),
          ]
        : []),
      row("pairs in which the mask drops something (%)", 100 * mixing.mixedPairs),
    ],
  };
}
