/**
 * Pairs of candidates that the policy of a stage itself has sampled, and who says which is better: the oracle (best and
 * worst, or any two that differ, as FactTune) or the policy's own implicit reward (SPA).
 */
import { z } from "zod";
import { withPolicy } from "../../model/policy";
import { logpSums, wholeSequence } from "../../align/track/sequences";
import { groupBy } from "../../base/collections";
import { Rng } from "../../base/rng";
import { mean, quantile } from "../../base/stats";
import { annotateCandidates } from "../../factuality/annotator";
import type { AnnotatedCandidate, Question } from "../../factuality/records";
import { factualityScore } from "../../factuality/score";
import { paperSampling } from "../../model/generate";
import { buildPairs, sideOf, type PreferencePair } from "../../preference/pair";
import { keepsToAgenda } from "../../world/agenda";
import { atlasAnnotator } from "../../world/oracle";
import { candidatesOf } from "../candidates";
import { trainingTopics } from "../questions";
import type { MadeRows, RowContext } from "./rowContext";

const share = z.number().min(0).max(1);
export const candidatePairsSchema = z
  .object({
    rows: z.literal("pairs"),
    choose: z.enum(["best-worst", "any", "implicit"]),
    /** which of the training topics, from and to a share of them in their seeded order */
    from: share,
    to: share,
    /** rejected instead of chosen, and the other way round */
    flip: z.boolean().optional(),
  })
  .strict();
type CandidatePairs = z.output<typeof candidatePairsSchema>;

/** All K candidates of some questions, of the policy that a stage begins from, with the oracle's verdicts. */
export async function ownCandidates(
  { session, policyDir, firstDir }: RowContext,
  from = 0,
  to = 1,
): Promise<{ questions: Question[]; candidates: AnnotatedCandidate[] }> {
  const { candidates: k, maxNewTokens } = session.preset;
  const topics = trainingTopics(session);
  const questions = topics.slice(Math.round(from * topics.length), Math.round(to * topics.length)).flat();
  const asked = policyDir === firstDir ? topics.flat() : questions; // the base's are there for all questions
  const sampling = { ...paperSampling, maxNewTokens };
  const { candidates } = await candidatesOf(session, policyDir, asked, k, sampling, "sample candidates");
  const byId = new Map(questions.map((question) => [question.id, question]));
  const own = candidates.filter(({ questionId, completion }) => {
    const question = byId.get(questionId);
    return question !== undefined && keepsToAgenda(question, completion);
  });
  return { questions, candidates: await annotateCandidates(own, questions, atlasAnnotator(session.atlas)) };
}

export async function candidatePairs(
  context: RowContext,
  { choose, from, to, flip = false }: CandidatePairs,
): Promise<MadeRows> {
  const { pairs, measures } = await chosenPairs(context, choose, from, to);
  return { rows: flip ? pairs.map(flipped) : pairs, measures };
}

async function chosenPairs(
  context: RowContext,
  choose: CandidatePairs["choose"],
  from: number,
  to: number,
): Promise<LabelledPairs> {
  if (choose === "best-worst") return { pairs: await bestAndWorst(context, from, to), measures: {} };
  const { questions, candidates } = await ownCandidates(context, from, to);
  if (choose === "implicit") return byImplicitReward(context, questions, candidates);
  return { pairs: anyPairs(candidates, questions, context.session.seed), measures: {} };
}

/** By the oracle, as everywhere else (§2.2). */
export async function bestAndWorst(context: RowContext, from = 0, to = 1): Promise<PreferencePair[]> {
  const { questions, candidates } = await ownCandidates(context, from, to);
  return buildPairs(candidates, questions, { seed: context.session.seed }).pairs;
}

/** The same pair with the other side preferred. */
export function flipped({ chosen, rejected, scores, ...pair }: PreferencePair): PreferencePair {
  return { ...pair, chosen: rejected, rejected: chosen, scores: { chosen: scores.rejected, rejected: scores.chosen } };
}

/** Pairs, and what is known of their labels. */
interface LabelledPairs {
  pairs: PreferencePair[];
  measures: Record<string, number>;
}

interface Scored extends AnnotatedCandidate {
  score: number;
}

const scored = (candidates: readonly AnnotatedCandidate[]): Scored[] =>
  candidates.flatMap((candidate) => {
    const score = factualityScore(candidate.sentences);
    return score === undefined ? [] : [{ ...candidate, score }];
  });

function pairOf({ id, topic, prompt }: Question, chosen: Scored, rejected: Scored): PreferencePair {
  const scores = { chosen: chosen.score, rejected: rejected.score };
  return { questionId: id, topic, prompt, chosen: sideOf(chosen), rejected: sideOf(rejected), scores };
}

/** Of each question one of all pairs whose scores differ, so that there are as many pairs as of best and worst. */
export function anyPairs(
  candidates: readonly AnnotatedCandidate[],
  questions: readonly Question[],
  seed: number,
): PreferencePair[] {
  const byQuestion = groupBy(scored(candidates), ({ questionId }) => questionId);
  return questions.flatMap((question) => {
    const own = byQuestion.get(question.id) ?? [];
    const all = own.flatMap((one) =>
      own.filter((other) => other.score < one.score).map((other) => [one, other] as const),
    );
    if (all.length === 0) return [];
    const [chosen, rejected] = new Rng(seed).fork("any pair").fork(question.id).pick(all);
    return [pairOf(question, chosen, rejected)];
  });
}

/**
 * Best and worst of each question by log pi(y) - log pi_first(y), and how often that is the oracle's order: of all
 * pairs, and of those with the larger and the smaller margins. With pi = pi_first all rewards are 0: no pair is left.
 */
async function byImplicitReward(
  { policyDir, firstDir }: RowContext,
  questions: readonly Question[],
  candidates: readonly AnnotatedCandidate[],
): Promise<LabelledPairs> {
  const own = scored(candidates);
  const byId = new Map(questions.map((question) => [question.id, question]));
  const sums = async (dir: string): Promise<number[]> => {
    return withPolicy(dir, (policy) =>
      logpSums(
        policy,
        own.map((one) => wholeSequence(policy.tokenizer, byId.get(one.questionId)!.prompt, sideOf(one))),
      ),
    );
  };
  const [now, first] = [await sums(policyDir), await sums(firstDir)];
  return implicitPairs(
    questions,
    own.map((one, i) => ({ ...one, reward: now[i]! - first[i]! })),
  );
}

/** @param candidates with their rewards */
export function implicitPairs(
  questions: readonly Question[],
  candidates: readonly (Scored & { reward: number })[],
): LabelledPairs {
  const byQuestion = groupBy(candidates, ({ questionId }) => questionId);
  const made = questions.flatMap((question) => {
    const group = byQuestion.get(question.id) ?? [];
    if (group.length < 2) return [];
    const best = group.reduce((a, b) => (b.reward > a.reward ? b : a));
    const worst = group.reduce((a, b) => (b.reward < a.reward ? b : a));
    const margin = best.reward - worst.reward;
    return margin > 0 && best.completion !== worst.completion ? [{ pair: pairOf(question, best, worst), margin }] : [];
  });
  const told = made.filter(({ pair: { scores } }) => scores.chosen !== scores.rejected);
  const accuracy = (of: typeof told) =>
    of.length > 0 ? mean(of.map(({ pair: { scores } }) => (scores.chosen > scores.rejected ? 1 : 0))) : 0;
  const middle =
    told.length > 0
      ? quantile(
          told.map(({ margin }) => margin),
          0.5,
        )
      : 0;
  return {
    pairs: made.map(({ pair }) => pair),
    measures: {
      labelAccuracy: accuracy(told),
      sureLabels: accuracy(told.filter(({ margin }) => margin >= middle)),
      unsureLabels: accuracy(told.filter(({ margin }) => margin < middle)),
    },
  };
}
