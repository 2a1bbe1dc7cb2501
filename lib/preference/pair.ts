/**
 * Preference pairs (§2.2): of a question's K candidates the one with the highest factuality score is chosen,
 * the one with the lowest rejected; pairs that teach nothing are filtered out, and each filter is counted.
 *
 * "Correct" is a_i = 0 throughout, as in the paper's formula; how many chosen sides rest on no-fact sentences
 * alone is reported. Not stated in the paper: ties. Here they are drawn uniformly, from a stream named by the
 * question, so that neither the order of rows nor other questions matter.
 */
import { z } from "zod";
import { UserError, brief } from "../base/check";
import { Rng } from "../base/rng";
import { unknownQuestion } from "../factuality/annotator";
import { type AnnotatedCandidate, type Question, checkSpans, sentenceSchema } from "../factuality/records";
import { countSentences, factualityScore } from "../factuality/score";
import { messageSchema } from "../text/message";

const preferenceSideSchema = z
  .object({
    completion: z.string(),
    sentences: z.array(sentenceSchema),
    tokenIds: z.array(z.number().int().nonnegative()).optional(),
    finished: z.boolean().optional(),
  })
  .strict()
  .superRefine((side, ctx) => checkSpans(side.completion, side.sentences, ctx, ["sentences"]));
/** One completion of a pair; `tokenIds` without the end-of-turn token, `finished` as of its candidate. */
export type PreferenceSide = z.infer<typeof preferenceSideSchema>;

const score = z.number().min(0).max(1);
export const preferencePairSchema = z
  .object({
    questionId: z.string().min(1),
    topic: z.string().min(1),
    prompt: z.array(messageSchema).min(1),
    chosen: preferenceSideSchema,
    rejected: preferenceSideSchema,
    scores: z.object({ chosen: score, rejected: score }).strict(),
  })
  .strict();
export type PreferencePair = z.infer<typeof preferencePairSchema>;

/**
 * What became of the questions: pairs + the four filters = questions. Each question counts at the first filter it falls
 * to, in this order.
 */
export interface PairReport {
  questions: number;
  pairs: number;
  /** Fewer than two candidates with a score (or none, where the rejected sides come from others). */
  tooFewCandidates: number;
  /** The best candidate has no correct sentence (so none has). */
  chosenWithoutCorrect: number;
  /** The worst candidate has no incorrect sentence (so none has). */
  rejectedWithoutIncorrect: number;
  /**
   * Best and worst have the same score (where the rejected sides come from others: best is no better) or the same text.
   */
  identical: number;
  /** Candidates without sentences, set aside: they have no score. */
  emptyCandidates: number;
  /** Pairs kept whose chosen side has no supported sentence, only no-fact ones. */
  chosenNoFactOnly: number;
}

type Filter = "tooFewCandidates" | "chosenWithoutCorrect" | "rejectedWithoutIncorrect" | "identical";
type Scored = { candidate: AnnotatedCandidate; score: number };

export interface PairOptions {
  /** Of the streams that draw among ties. */
  seed: string | number;
  /**
   * Candidates that the rejected sides are taken from, where they are others (Table 3, "Llama+Doc"); default: the same.
   */
  rejectedFrom?: readonly AnnotatedCandidate[];
}

/**
 * One pair per question where the filters leave one, in the order of `questions`.
 * @param candidates in any order
 * @throws UserError for a candidate of an unknown question, or the same candidate twice
 */
export function buildPairs(
  candidates: readonly AnnotatedCandidate[],
  questions: readonly Question[],
  options: PairOptions,
): { pairs: PreferencePair[]; report: PairReport } {
  const scored = scoredByQuestion(candidates, questions);
  const worse = options.rejectedFrom && scoredByQuestion(options.rejectedFrom, questions);
  const report: PairReport = {
    questions: questions.length,
    pairs: 0,
    tooFewCandidates: 0,
    chosenWithoutCorrect: 0,
    rejectedWithoutIncorrect: 0,
    identical: 0,
    emptyCandidates: candidates.filter(({ sentences }) => sentences.length === 0).length,
    chosenNoFactOnly: 0,
  };
  const rng = new Rng(options.seed).fork("pairs");
  const pairs: PreferencePair[] = [];
  for (const question of questions) {
    const pair = bestAndWorst(question, scored.get(question.id)!, worse?.get(question.id), rng.fork(question.id));
    if (typeof pair === "string") report[pair]++;
    else pairs.push(pair);
  }
  report.pairs = pairs.length;
  report.chosenNoFactOnly = pairs.filter(({ chosen }) => countSentences(chosen.sentences).correct === 0).length;
  return { pairs, report };
}

/** Candidates that have a score, by question, in the order of their index. */
function scoredByQuestion(
  candidates: readonly AnnotatedCandidate[],
  questions: readonly Question[],
): Map<string, Scored[]> {
  const byQuestion = new Map<string, Map<number, AnnotatedCandidate>>(questions.map(({ id }) => [id, new Map()]));
  for (const candidate of candidates) {
    const group = byQuestion.get(candidate.questionId);
    if (!group) throw unknownQuestion(candidate);
    if (group.has(candidate.index)) {
      throw new UserError({
        where: `question ${brief(candidate.questionId)}`,
        expected: "every candidate once",
        got: `index ${candidate.index} twice`,
        fix: "Remove the repeated row, or number the candidates anew.",
      });
    }
    group.set(candidate.index, candidate);
  }
  return new Map(
    [...byQuestion].map(([id, group]) => [
      id,
      [...group.values()]
        .sort((a, b) => a.index - b.index)
        .flatMap((candidate) => {
          const value = factualityScore(candidate.sentences);
          return value === undefined ? [] : [{ candidate, score: value }];
        }),
    ]),
  );
}

function bestAndWorst(
  question: Question,
  scored: readonly Scored[],
  others: readonly Scored[] | undefined,
  rng: Rng,
): PreferencePair | Filter {
  const worse = others ?? scored;
  if (others ? Math.min(scored.length, others.length) < 1 : scored.length < 2) return "tooFewCandidates";
  const best = scored.reduce((max, { score: s }) => Math.max(max, s), 0);
  const worst = worse.reduce((min, { score: s }) => Math.min(min, s), 1);
  if (best === 0) return "chosenWithoutCorrect";
  if (worst === 1) return "rejectedWithoutIncorrect";
  const chosen = rng.fork("chosen").pick(scored.filter(({ score: s }) => s === best)).candidate;
  const rejected = rng.fork("rejected").pick(worse.filter(({ score: s }) => s === worst)).candidate;
  if (best <= worst || chosen.completion === rejected.completion) return "identical";
  return {
    questionId: question.id,
    topic: question.topic,
    prompt: question.prompt,
    chosen: sideOf(chosen),
    rejected: sideOf(rejected),
    scores: { chosen: best, rejected: worst },
  };
}

/** A candidate as a side of a pair. */
export function sideOf({ completion, sentences, tokenIds, finished }: AnnotatedCandidate): PreferenceSide {
  return { completion, sentences, ...(tokenIds && { tokenIds }), ...(finished !== undefined && { finished }) };
}
