/** The pairs of a run, with what its objective needs of them: other weights, labels, completions of other prompts. */
import { UserError } from "../base/check";
import { isHallucination } from "../factuality/verdict";
import { isOneSided, type Tokenized, type TokenizedPair, type TokenizedSide } from "../preference/collate";
import type { PreferenceSide } from "../preference/pair";
import type { Need } from "./objective/objective";
import { needsOf, objectiveNamed, type ObjectiveChoice } from "./objective/registry";
import type { PairIds, SideIds } from "./pairIds";
import type { SentenceLabel } from "./sentences";

export type NamedPair = PairIds & Pick<TokenizedPair, "questionId">;

export interface TrainingPairs {
  /** trained on */
  pairs: NamedPair[];
  /** all whose reference is computed: those, those that a mask emptied, and mismatched ones */
  everything: NamedPair[];
  /** where in `everything` those of `mismatched` begin, one for each of `pairs`; where the objective needs them */
  mismatched?: number;
}

/**
 * Pairs that a mask emptied are computed too, so that masks share reference log-probabilities.
 * @throws UserError for demonstrations where two sides are compared, or where completions of other prompts are needed
 *   and there are none
 */
export function trainingPairs(
  { pairs: kept, emptied }: Pick<Tokenized, "pairs" | "emptied">,
  choice: ObjectiveChoice,
  maxPositions: number,
): TrainingPairs {
  const needs = needsOf(choice);
  if (!objectiveNamed(choice.name).oneSided && kept.some(isOneSided))
    throw new UserError({
      where: `--objective ${choice.name}`,
      expected: "pairs: it compares two sides",
      got: "demonstrations, which have one",
      fix: "Use --objective sft for them, or give pairs.",
    });
  const pairs = kept.map((pair) => reweighed(labelled(pair, needs), choice));
  const everything = [...pairs, ...emptied.map((pair) => labelled(pair, needs))];
  if (!needs.has("zero")) return { pairs, everything };
  return {
    pairs,
    everything: [...everything, ...mismatched(pairs, maxPositions)],
    mismatched: everything.length,
  };
}

/** A pair with its labels, as far as they are needed. */
function labelled({ questionId, source, ...pair }: TokenizedPair, needs: ReadonlySet<Need>): NamedPair {
  const side = (of: TokenizedSide, { sentences }: PreferenceSide): SideIds => {
    const wrong = sentences.map(({ verdict }) => isHallucination(verdict));
    return {
      ids: of.ids,
      weights: of.weights,
      promptLength: of.promptLength,
      ...(needs.has("label") && { label: wrong.includes(true) ? 1 : 0 }),
      ...(needs.has("sentences") && {
        sentences: {
          of: of.sentenceOf,
          labels: sentences.map(({ verdict }, i): SentenceLabel => (verdict === "no-fact" ? -1 : wrong[i] ? 1 : 0)),
        },
      }),
    };
  };
  return { questionId, chosen: side(pair.chosen, source.chosen), rejected: side(pair.rejected, source.rejected) };
}

function reweighed(pair: NamedPair, { name, options }: ObjectiveChoice): NamedPair {
  const objective = objectiveNamed(name);
  if (!objective.reweigh) return pair;
  const { chosen, rejected } = objective.reweigh(
    { chosen: Array.from(pair.chosen.weights), rejected: Array.from(pair.rejected.weights) },
    options,
  );
  return {
    ...pair,
    chosen: { ...pair.chosen, weights: Float32Array.from(chosen) },
    rejected: { ...pair.rejected, weights: Float32Array.from(rejected) },
  };
}

/** To each pair its prompt with the completions of the next pair that has another prompt, their masks and sentences. */
function mismatched(pairs: readonly NamedPair[], maxPositions: number): NamedPair[] {
  const promptOf = ({ chosen: { ids, promptLength } }: NamedPair) => ids.subarray(0, promptLength);
  const prompts = pairs.map((pair) => promptOf(pair).join());
  return pairs.map((pair, i) => {
    const prompt = promptOf(pair);
    const behind = ({ ids, promptLength }: SideIds) => ids.length - promptLength;
    for (let step = 1; step < pairs.length; step++) {
      const next = pairs[(i + step) % pairs.length]!;
      const longest = prompt.length + Math.max(behind(next.chosen), behind(next.rejected));
      if (prompts[(i + step) % pairs.length] === prompts[i] || longest > maxPositions) continue;
      return {
        questionId: `${pair.questionId} with completions of ${next.questionId}`,
        chosen: behindPrompt(prompt, next.chosen),
        rejected: behindPrompt(prompt, next.rejected),
      };
    }
    throw new UserError({
      where: "pairs",
      expected: "for every prompt a pair with another one whose completions fit behind it, to estimate z0 from",
      got: `none for question ${pair.questionId}`,
      fix: "Train on more prompts, or give z0 (--option z0=0).",
    });
  });
}

function behindPrompt(prompt: Int32Array, { ids, weights, promptLength, sentences }: SideIds): SideIds {
  const moved = <T extends number>(values: ArrayLike<T>, fill: T): T[] => [
    ...Array.from(prompt, () => fill),
    ...Array.from(values).slice(promptLength),
  ];
  return {
    ids: Int32Array.from([...prompt, ...ids.subarray(promptLength)]),
    weights: Float32Array.from(moved(weights, 0)),
    promptLength: prompt.length,
    ...(sentences && { sentences: { of: moved(sentences.of, -1), labels: sentences.labels } }),
  };
}
