/** One question to a policy, judged; and what a pair of its answers teaches under each mask. */
import { encodeSide, sidesOf, tokenizePair, type TokenizedPair } from "../../preference/collate";
import { completionTokenLogps } from "../../align/track/sequences";
import { annotateCandidates } from "../../factuality/annotator";
import type { AnnotatedCandidate, Question } from "../../factuality/records";
import { factualityScore } from "../../factuality/score";
import { greedySampling, paperSampling } from "../../model/generate";
import type { Policy } from "../../model/policy";
import { sampleCandidates } from "../../preference/candidate";
import { maskKinds, type MaskKind, type Side } from "../../preference/mask";
import { buildPairs, type PreferencePair } from "../../preference/pair";
import { promptIds } from "../../text/prompt";
import type { Atlas } from "../../world/atlasOf";
import { atlasAnnotator, oracleAnnotator } from "../../world/oracle";
import { allWordings, CITY_KINDS } from "../../world/question";
import type { Topic } from "../../world/relation";
import type { Asked, Heat, JudgedAnswer, PairSide, PairToken } from "./protocol";

/** Atlas's longest answer has 84 tokens. */
export const maxNewTokens = 96;

/** Every wording of every question about a topic. */
export function questionsAbout({ kind, name }: Topic): string[] {
  const kinds = kind === "city" ? CITY_KINDS : (["country"] as const);
  return kinds.flatMap((of) => allWordings(of)).map((wording) => wording.replace("{x}", () => name));
}

export function questionOf({ topic, question }: Pick<Asked, "topic" | "question">): Question {
  return { id: `${topic}: ${question}`, topic, prompt: [{ role: "user", content: question }] };
}

/** K answers of one question; one is greedy. */
export async function answersOf(
  policy: Policy,
  atlas: Atlas,
  question: Question,
  k: number,
  seed: number,
): Promise<AnnotatedCandidate[]> {
  const sampling = { ...(k === 1 ? greedySampling : paperSampling), maxNewTokens };
  for await (const candidates of sampleCandidates(policy, [question], k, sampling, seed))
    return annotateCandidates(candidates, [question], atlasAnnotator(atlas));
  throw new Error("answersOf: expected candidates of one question, got none");
}

/** With the facts behind its verdicts. */
export function judgedAnswer(
  atlas: Atlas,
  question: Question,
  { completion }: Pick<AnnotatedCandidate, "completion">,
): JudgedAnswer {
  const sentences = oracleAnnotator(atlas).annotate(question, completion);
  return { completion, sentences, score: factualityScore(sentences) };
}

/** The pair of a question's candidates, or why there is none. */
export function pairOf(
  question: Question,
  candidates: readonly AnnotatedCandidate[],
  seed: number,
): { pair: PreferencePair } | { why: string } {
  const { pairs, report } = buildPairs(candidates, [question], { seed });
  if (pairs[0]) return { pair: pairs[0] };
  if (report.rejectedWithoutIncorrect) return { why: "no answer has a wrong sentence: nothing to reject" };
  if (report.chosenWithoutCorrect) return { why: "no answer has a right sentence: nothing to choose" };
  return { why: "the best answer is no better than the worst" };
}

/** Each side's tokens, and which of them every mask keeps. */
export function shownPair(
  { tokenizer }: Pick<Policy, "tokenizer">,
  pair: PreferencePair,
  candidates: readonly Pick<AnnotatedCandidate, "completion">[],
  answers: readonly JudgedAnswer[],
  seed: number,
): { tokenized: TokenizedPair; sides: Record<Side, PairSide> } {
  const prompt = promptIds(tokenizer, pair.prompt);
  const masked = (mask: MaskKind): TokenizedPair => tokenizePair(pair, tokenizer, prompt, { mask, seed });
  const byMask = Object.fromEntries(maskKinds.map((mask) => [mask, masked(mask)])) as Record<MaskKind, TokenizedPair>;
  const side = (name: Side): PairSide => {
    const candidate = candidates.findIndex(({ completion }) => completion === pair[name].completion);
    const { ids, promptLength, sentenceOf } = byMask.paper[name];
    const { starts, ends } = encodeSide(pair[name], pair.prompt, tokenizer, prompt);
    const tokens = Array.from(ids.subarray(promptLength), (_id, t): PairToken => {
      const at = promptLength + t;
      const kept = maskKinds.map((mask) => [mask, byMask[mask][name].weights[at]! > 0] as const);
      const from = Math.max(starts[t] ?? 0, ends[t - 1] ?? 0); // bytes of one character: the first has it
      const text = pair[name].completion.slice(from, ends[t] ?? 0); // none of the one that closes
      return { text, sentence: sentenceOf[at]!, kept: Object.fromEntries(kept) as Record<MaskKind, boolean> };
    });
    return { candidate, score: pair.scores[name], sentences: answers[candidate]!.sentences, tokens };
  };
  return { tokenized: byMask.paper, sides: { chosen: side("chosen"), rejected: side("rejected") } };
}

/** Log-ratios (Eq. 3) of both sides' tokens. */
export async function heatOf(policy: Policy, reference: Policy, pair: TokenizedPair): Promise<Heat> {
  const sides = sidesOf([pair]);
  const [own, other] = [await completionTokenLogps(policy, sides), await completionTokenLogps(reference, sides)];
  const [chosen, rejected] = own.map((logps, s) => Array.from(logps, (value, t) => value - other[s]![t]!));
  return { chosen: chosen!, rejected: rejected! };
}
