/**
 * Answers that an expert has corrected (OPA-DPO): of a sampled answer every wrong fact is stated rightly in the same
 * words, and what cannot be made right is left out. Corrected answers are to be imitated, or to be preferred to what
 * they were made of. They are off-policy just where the policy does not know the fact; how far, their log-probability
 * says.
 */
import { z } from "zod";
import { logpSums, wholeSequence } from "../../align/track/sequences";
import { sum } from "../../base/collections";
import { Rng } from "../../base/rng";
import type { AnnotatedCandidate, Question } from "../../factuality/records";
import { factualityScore } from "../../factuality/score";
import { isHallucination } from "../../factuality/verdict";
import { withPolicy } from "../../model/policy";
import { unmaskedTokens } from "../../preference/collate";
import { sideOf, type PreferencePair } from "../../preference/pair";
import { splitSentences } from "../../text/sentence";
import { oracleAnnotator, type OracleAnnotator } from "../../world/oracle";
import { ownCandidates } from "./candidatePairs";
import type { MadeRows, RowContext } from "./rowContext";

export const correctionsSchema = z
  .object({ rows: z.literal("corrected"), as: z.enum(["demonstrations", "pairs"]) })
  .strict();

/** A completion with every wrong fact put right; undefined where nothing was wrong, or nothing is left. */
export function corrected(oracle: OracleAnnotator, question: Question, completion: string): string | undefined {
  const judged = oracle.annotate(question, completion);
  if (!judged.some(({ verdict }) => isHallucination(verdict))) return undefined;
  const right = judged.flatMap(({ start, end, verdict, statedValue, trueValues = [] }) => {
    const sentence = completion.slice(start, end);
    if (!isHallucination(verdict)) return [sentence];
    const [truth] = trueValues;
    return statedValue !== undefined && truth !== undefined ? [sentence.replace(statedValue, () => truth)] : [];
  });
  return right.length > 0 ? right.join(" ") : undefined;
}

/** One pair a question: an answer of the first policy with something wrong in it, and the same put right. */
export function correctedPairs(
  oracle: OracleAnnotator,
  questions: readonly Question[],
  candidates: readonly AnnotatedCandidate[],
  seed: number,
): PreferencePair[] {
  const rng = new Rng(seed).fork("corrected");
  return questions.flatMap((question) => {
    const { id: questionId, topic, prompt } = question;
    const made = candidates.flatMap((candidate) => {
      const right = candidate.questionId === questionId ? corrected(oracle, question, candidate.completion) : undefined;
      return right === undefined ? [] : [{ candidate, right }];
    });
    if (made.length === 0) return [];
    const { candidate, right } = rng.fork(questionId).pick(made);
    const sentences = splitSentences(right).map(({ start, end }) => ({ start, end, verdict: "supported" as const }));
    const scores = { chosen: 1, rejected: factualityScore(candidate.sentences) ?? 0 };
    return [
      { questionId, topic, prompt, chosen: { completion: right, sentences }, rejected: sideOf(candidate), scores },
    ];
  });
}

export async function corrections(context: RowContext, { as }: z.output<typeof correctionsSchema>): Promise<MadeRows> {
  const { session, policyDir, firstDir } = context;
  const { questions, candidates } = await ownCandidates({ ...context, policyDir: firstDir });
  const oracle = oracleAnnotator(session.atlas);
  const pairs = correctedPairs(oracle, questions, candidates, session.seed);
  const measures = { correctedLogp: await perToken(policyDir, pairs) };
  if (as === "pairs") return { rows: pairs, measures };
  const rows = pairs.map(({ questionId, topic, prompt, chosen }) => ({ questionId, topic, prompt, ...chosen }));
  return { rows, measures };
}

/** Log-probability a token of chosen sides under the policy that the stage begins from, which is its reference. */
async function perToken(dir: string, pairs: readonly PreferencePair[]): Promise<number> {
  if (pairs.length === 0) return 0;
  return withPolicy(dir, async (policy) => {
    const sequences = pairs.map(({ prompt, chosen }) => wholeSequence(policy.tokenizer, prompt, chosen));
    const tokens = sequences.map(({ weights }) => unmaskedTokens(weights));
    const sums = await logpSums(policy, sequences);
    return sum(sums) / sum(tokens);
  });
}
