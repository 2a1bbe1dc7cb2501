/** Results as tables. Scores are percent with 95 % intervals; counts are means per answer. */
import type { Interval } from "../base/stats";
import type { BestOfNPoint } from "../evaluation/bestOfN";
import type { TrainOptions } from "../align/train";
import type { Comparison, Difference } from "../evaluation/compare";
import type { EvaluationSummary } from "../evaluation/summary";
import type { TokenizeReport } from "../preference/collate";
import type { Mixing, Shares } from "../preference/mixing";
import type { PairReport } from "../preference/pair";
import { factualityScore } from "../factuality/score";
import type { Preferences } from "./preferences";
import { verdictLook } from "./palette";
import type { Session } from "./session";
import type { Cell, Table } from "./table";

/** A share with its interval, in percent. */
export function percent({ value, low, high }: Interval): Interval {
  return { value: 100 * value, low: 100 * low, high: 100 * high };
}

/** Engine, preset, seed and question counts, so that an executed notebook says what it was run with. */
export function describeSession({ engine, preset, seed, atlas }: Session): string {
  const { topics, questionsPerTopic, candidates, evaluationQuestions, samples, bestOf, bestOfQuestions } = preset;
  return [
    `engine ${engine.name} · preset ${preset.name} · seed ${seed}`,
    `${topics} training topics x ${questionsPerTopic} question${questionsPerTopic > 1 ? "s" : ""}, K = ${candidates} candidates each`,
    `${Math.min(evaluationQuestions, atlas.splits.test.length)} test questions, ${Math.min(evaluationQuestions, atlas.splits.ood.length)} out of domain; ${samples} sampled answers each; best of up to ${bestOf} for ${bestOfQuestions} test questions`,
  ].join("\n");
}

/** Hyperparameters beside the paper's words. */
export function describeTraining({ beta, lr, epochs, batch, warmup, weightDecay, betas, clip }: TrainOptions): Table {
  const row = (name: string, here: string | number, paper: string) => ({ name, here: String(here), paper });
  return {
    name: "02-hyperparameters", caption: "Hyperparameters: chosen on validation topics, the same for every mask",
    columns: [{ key: "name", label: "Hyperparameter" }, { key: "here", label: "Here", align: "right" }, { key: "paper", label: "Paper (App. A)" }],
    rows: [
      row("epochs", epochs, "\"the epoch is 3\""), row("learning rate", lr, "\"the learning rate is 5e-6\""), row("batch size (pairs)", batch, "\"the batch size is 64\""),
      row("beta", beta, "not stated (official code: 0.1)"), row("schedule", "cosine", "\"cosine annealing learning rate scheduler\""), row("warm-up (share of steps)", warmup, "not stated (official code: 0.03)"),
      row("AdamW betas", betas.join(", "), "not stated"), row("weight decay", weightDecay, "not stated (official code: 0)"), row("gradient clipping", clip, "not stated (official code: 1)"),
    ],
  };
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

/** What the gain in right statements is made of. */
export function gainTable({ choice, accuracy }: { choice: number; accuracy: number }): Table {
  const row = (what: string, points: number) => ({ what, points: 100 * points });
  return {
    name: "02-gain", caption: "Where the gain in right statements comes from (test, sampled; statements of a known relation)",
    columns: [{ key: "what", label: "Source" }, { key: "points", label: "Points", digits: 2 }],
    rows: [row("stating relations more often that are easier", choice), row("being right more often within a relation", accuracy), row("together", choice + accuracy)],
  };
}

/** Gap between two best-of-N curves. */
export function gapTable(gaps: readonly (Difference & { n: number })[]): Table {
  return {
    name: "06-gap", caption: "Best of N: Mask-DPO minus base, paired over topics",
    columns: [{ key: "n", label: "N" }, { key: "gap", label: "Gap (points) [95 %]" }, { key: "p", label: "p (permutation)", digits: 4 }],
    rows: gaps.map((gap) => ({ n: gap.n, gap: percent(gap), p: gap.p })),
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

/** How mixed right and wrong are in the pairs: what the mask has to work on. */
export function mixingTable(mixing: Mixing, tokens: Shares, tokenized: TokenizeReport): Table {
  const row = (what: string, value: Cell) => ({ what, value });
  return {
    name: "01-mixing", caption: "How mixed the pairs are: the mask drops wrong sentences of chosen and right ones of rejected",
    columns: [{ key: "what", label: "Quantity" }, { key: "value", label: "Value", align: "right" }],
    rows: [
      row("pairs", mixing.pairs), row("pairs whose mask empties a side (not trained on)", tokenized.emptied.length),
      row("mean score of chosen (%)", 100 * mixing.scores.chosen), row("mean score of rejected (%)", 100 * mixing.scores.rejected),
      row("wrong sentences in chosen (%)", 100 * mixing.sentences.wrongInChosen), row("right sentences in rejected (%)", 100 * mixing.sentences.rightInRejected),
      row("wrong tokens in chosen (%)", 100 * tokens.wrongInChosen), row("right tokens in rejected (%)", 100 * tokens.rightInRejected),
      row("pairs in which the mask drops something (%)", 100 * mixing.mixedPairs),
    ],
  };
}

export interface Evaluated {
  label: string;
  summary: EvaluationSummary;
  /** the paper's score (percent), where its tables have this row */
  paper?: number;
}

/** Counts and scores of policies, a row each (as Tables 1 and 2). */
export function evaluationTable(rows: readonly Evaluated[], name = "evaluation", caption = "Factuality of answers"): Table {
  return {
    name, caption,
    columns: [
      { key: "label", label: "Policy" }, { key: "correct", label: "# Correct", digits: 2 }, { key: "incorrect", label: "# Incorrect", digits: 2 }, { key: "noFact", label: "# No fact", digits: 2 },
      { key: "characters", label: "Characters", digits: 0 }, { key: "score", label: "% Score [95 %]" }, ...(rows.some(({ paper }) => paper !== undefined) ? [{ key: "paper", label: "Paper", digits: 2 }] : []),
    ],
    rows: rows.map(({ label, summary, paper = null }) => {
      const { correct, incorrect, noFact, characters } = summary.perAnswer;
      return { label, correct, incorrect, noFact, characters, score: percent(summary.score), paper };
    }),
  };
}

/** Paired differences over topics, in points. */
export function differenceTable(name: string, caption: string, rows: readonly { label: string; comparison: Comparison }[]): Table {
  return {
    name, caption,
    columns: [{ key: "label", label: "Comparison" }, { key: "difference", label: "Difference in score (points) [95 %]" }, { key: "p", label: "p (permutation)", digits: 4 }],
    rows: rows.map(({ label, comparison: { score } }) => ({ label, difference: percent(score), p: score.p })),
  };
}

/** Best-of-N scores of policies, a row per N (as Table 6). */
export function bestOfTable(policies: readonly { label: string; points: readonly BestOfNPoint[]; paper?: Readonly<Record<number, number>> }[]): Table {
  const ns = policies[0]?.points.map(({ n }) => n) ?? [];
  return {
    name: "06-best-of-n", caption: "Best of N: expected score of the most factual of N answers (unbiased estimate, 95 % intervals over topics)",
    columns: [{ key: "n", label: "N" }, ...policies.flatMap(({ label, paper }, i) => [{ key: `p${i}`, label: `${label} (%)` }, ...(paper ? [{ key: `q${i}`, label: `Paper: ${label}`, digits: 2 }] : [])])],
    rows: ns.map((n, row) => ({ n, ...Object.fromEntries(policies.flatMap(({ points, paper }, i) => [[`p${i}`, percent(points[row]!.macroScore)], [`q${i}`, paper?.[n] ?? null]])) })),
  };
}
