/**
 * Figures 1 and 2 of the paper from our own data: the candidates of one question, and what DPO and Mask-DPO learn from
 * its pair.
 */
import { Rng } from "../base/rng";
import type { AnnotatedCandidate } from "../factuality/records";
import { countSentences, factualityScore } from "../factuality/score";
import { keptSentences, type MaskKind, type Side } from "../preference/mask";
import type { PreferencePair, PreferenceSide } from "../preference/pair";
import type { Figure } from "../show/figure/figure";
import { stripFigure, type Strip } from "../show/figure/strips";
import type { Preferences } from "./pairs";

/**
 * The pair with most of what only a mask can tell apart: wrong sentences in chosen and right ones in rejected.
 * @throws RangeError without pairs
 */
export function mostMixedPair(pairs: readonly PreferencePair[]): PreferencePair {
  const mixed = ({ chosen, rejected }: PreferencePair) =>
    Math.min(countSentences(chosen.sentences).incorrect, countSentences(rejected.sentences).correct);
  const [first] = pairs;
  if (!first) throw new RangeError("mostMixedPair: expected at least one pair, got none");
  return pairs.reduce((best, pair) => (mixed(pair) > mixed(best) ? pair : best), first);
}

/** Figure 2's left half: every candidate of the pair's question by falling score, sentence by sentence. */
export function candidatesFigure(
  { candidates, questions, runs }: Preferences,
  { questionId, chosen, rejected }: PreferencePair,
): Figure {
  const roles = new Map([
    [rejected.completion, ", rejected"],
    [chosen.completion, ", chosen"],
  ]);
  const scoreOf = ({ sentences }: AnnotatedCandidate) => factualityScore(sentences) ?? 0;
  const own = candidates
    .filter((candidate) => candidate.questionId === questionId)
    .sort((a, b) => scoreOf(b) - scoreOf(a));
  const strips = own.map((candidate): Strip => {
    const score = `${Math.round(100 * scoreOf(candidate))} %`;
    const role = roles.get(candidate.completion) ?? "";
    return {
      label: `candidate ${candidate.index + 1}: ${score}${role}`,
      segments: segmentsOf(candidate, () => false),
    };
  });
  const title = `Candidates for "${questions.find(({ id }) => id === questionId)!.prompt.at(-1)!.content}"`;
  return { ...stripFigure({ name: "00-candidates", title, strips }), runs };
}

/** Figure 1: what each objective takes from the pair; masked sentences are faded. @param name of its files */
export function masksFigure(pair: PreferencePair, name = "00-masks"): Figure {
  const strip = (side: Side, verb: string, mask: MaskKind, method: string): Strip => {
    const kept = keptSentences(side, pair[side].sentences, { mask }, new Rng(0)); // these two masks draw nothing
    return { label: `${method} ${verb} (${side})`, segments: segmentsOf(pair[side], (i) => !kept[i]) };
  };
  return stripFigure({
    name,
    title: "What DPO and Mask-DPO learn from one pair",
    strips: [
      strip("chosen", "encourages", "none", "DPO"),
      strip("chosen", "encourages", "paper", "Mask-DPO"),
      strip("rejected", "penalises", "none", "DPO"),
      strip("rejected", "penalises", "paper", "Mask-DPO"),
    ],
  });
}

function segmentsOf(
  { completion, sentences }: Pick<PreferenceSide, "completion" | "sentences">,
  masked: (sentence: number) => boolean,
): Strip["segments"] {
  return sentences.map(({ start, end, verdict }, i) => ({
    text: completion.slice(start, end),
    verdict,
    masked: masked(i),
  }));
}
