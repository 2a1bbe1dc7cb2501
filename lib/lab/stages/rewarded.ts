/**
 * Token rewards from exact verdicts (RLFH, FSPO): answers that the policy of the stage samples, each token weighted by
 * its advantage. An answer stands on both sides, with the tokens to be raised on one and those to be lowered on the
 * other, so that DPO's margin is the sum of advantages times log-ratios: at the start of a stage its gradient has the
 * direction of REINFORCE with these returns, and later its reference holds it. Rounds of stages make it on-policy.
 *
 * answer: a token has its answer's score minus the mean of the question's answers (GRPO without its division).
 * sentence: the verdict of its own sentence, 1 or -1, minus the mean of all sentences of the question (RLFH's finest
 * reward without its value model). flipped: the answer's advantage, with the sign of the sentence's verdict (FSPO);
 * outside sentences it is left as it is, where FSPO's code turns it as well.
 */
import { z } from "zod";
import { groupBy } from "../../base/collections";
import { Rng } from "../../base/rng";
import { mean } from "../../base/stats";
import type { AnnotatedCandidate, Question } from "../../factuality/records";
import { factualityScore } from "../../factuality/score";
import { isHallucination } from "../../factuality/verdict";
import type { Tokenized, TokenizedSide } from "../../preference/collate";
import { sideOf, type PreferencePair } from "../../preference/pair";
import { ownCandidates } from "./candidatePairs";
import type { MadeRows, RowContext } from "./rowContext";

const share = z.number().min(0).max(1);
export const rewardedSchema = z
  .object({
    rows: z.literal("rewarded"),
    granularity: z.enum(["answer", "sentence", "flipped"]),
    /** which of the training topics, as of candidate pairs */
    from: share,
    to: share,
  })
  .strict();
export type Granularity = z.output<typeof rewardedSchema>["granularity"];

/** Answers a question that are learnt from; the baseline is of all K. */
const perQuestion = 2;

/** An answer and its advantages: of each sentence, and of tokens outside sentences. */
export interface Rewarded {
  candidate: AnnotatedCandidate;
  sentences: number[];
  outside: number;
}

/** Some answers of each question, against the mean of all of them. */
export function rewardedAnswers(
  questions: readonly Question[],
  candidates: readonly AnnotatedCandidate[],
  granularity: Granularity,
  seed: number,
): Rewarded[] {
  const rng = new Rng(seed).fork("rewarded");
  const byQuestion = groupBy(
    candidates.filter(({ sentences }) => sentences.length > 0),
    ({ questionId }) => questionId,
  );
  return questions.flatMap(({ id }) => {
    const group = byQuestion.get(id) ?? [];
    if (group.length < 2) return [];
    const verdict = (sentence: { verdict: AnnotatedCandidate["sentences"][number]["verdict"] }): number =>
      isHallucination(sentence.verdict) ? -1 : 1;
    const scores = mean(group.map(({ sentences }) => factualityScore(sentences)!));
    const verdicts = mean(group.flatMap(({ sentences }) => sentences.map(verdict)));
    return rng
      .fork(id)
      .shuffle(group)
      .slice(0, perQuestion)
      .map((candidate): Rewarded => {
        const advantage = factualityScore(candidate.sentences)! - scores;
        const own = candidate.sentences.map((sentence) => {
          if (granularity === "answer") return advantage;
          if (granularity === "sentence") return verdict(sentence) - verdicts;
          return verdict(sentence) * Math.abs(advantage);
        });
        return { candidate, sentences: own, outside: granularity === "sentence" ? 0 : advantage };
      });
  });
}

export async function rewarded(
  context: RowContext,
  { granularity, from, to }: z.output<typeof rewardedSchema>,
): Promise<MadeRows> {
  const { questions, candidates } = await ownCandidates(context, from, to);
  const answers = rewardedAnswers(questions, candidates, granularity, context.session.seed);
  const byId = new Map(questions.map((question) => [question.id, question]));
  const rows = answers.map(({ candidate }): PreferencePair => {
    const { id, topic, prompt } = byId.get(candidate.questionId)!;
    const side = sideOf(candidate);
    return { questionId: id, topic, prompt, chosen: side, rejected: side, scores: { chosen: 1, rejected: 0 } };
  });
  return {
    rows,
    measures: { raised: mean(answers.flatMap(({ sentences }) => sentences.map((value) => (value > 0 ? 1 : 0)))) },
    reweigh: (tokenized) => Promise.resolve({ tokenized: withAdvantages(tokenized, rows, answers), measures: {} }),
  };
}

/** Weights by advantage: above 0 on the chosen side, below on the rejected one. @param rows as they were tokenised */
export function withAdvantages(
  tokenized: Tokenized,
  rows: readonly PreferencePair[],
  answers: readonly Rewarded[],
): Tokenized {
  const byRow = new Map(rows.map((row, i) => [row, answers[i]!]));
  const weighted = (side: TokenizedSide, { sentences, outside }: Rewarded, sign: 1 | -1): TokenizedSide => ({
    ...side,
    weights: side.weights.map((weight, t) => {
      if (t < side.promptLength) return 0;
      return weight * Math.max(0, sign * (sentences[side.sentenceOf[t]!] ?? outside));
    }),
  });
  const pairs = tokenized.pairs.map((pair) => {
    const answer = byRow.get(pair.source)!;
    return { ...pair, chosen: weighted(pair.chosen, answer, 1), rejected: weighted(pair.rejected, answer, -1) };
  });
  return { ...tokenized, pairs };
}
