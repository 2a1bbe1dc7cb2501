/** An objective on one pair, in float64 and without an engine: in `mask-dpo loss`, and in a browser. */
import { empty, missing, partsOf, weightsOf, type LossRowGiven, type ZeroPoints } from "./lossRow";
import type { Batch, Pair } from "./objective";
import { needsOf, objectiveNamed, type ObjectiveChoice } from "./registry";
import { Scalar } from "./scalar";

/** The pair's own loss, and its gradients with respect to `logps`, in the order given. */
export interface PairLoss {
  loss: number;
  chosenGradient: number[];
  rejectedGradient: number[];
}

/** Loss of one pair and its gradients. @param where for errors @param estimated zero points of rows that give none */
export function pairLoss(
  choice: ObjectiveChoice,
  given: Omit<LossRowGiven, "id">,
  where: string,
  estimated: ZeroPoints = {},
): PairLoss {
  const { name, options } = choice;
  const objective = objectiveNamed(name);
  const needs = needsOf(choice);
  const masks = {
    chosen: weightsOf(given.chosen, `${where} chosen`),
    rejected: weightsOf(given.rejected, `${where} rejected`),
  };
  const weights = objective.reweigh?.(masks, options) ?? masks;
  const side = (key: keyof Pair<unknown>, label: 0 | 1) => {
    const inputs = given[key].logps.map((value) => new Scalar(value));
    const place = { where: `${where} ${key}`, objective: name };
    const parts = partsOf(given[key], { inputs, weights: weights[key], needs, ...place });
    return { inputs, parts: { ...parts, label: new Scalar(given[key].label ?? label) } };
  };
  const chosen = side("chosen", 0);
  const rejected = side("rejected", 1);
  const zeroPoint = (key: "z0" | "sentenceZ0", needed: boolean, ofFile: number | undefined): number => {
    const value = options[key] ?? given[key] ?? ofFile;
    if (value === undefined && needed) throw missing(where, `${key}" or "mismatched`, name);
    return value ?? 0;
  };
  const sentences = needs.has("sentences") ? chosen.parts.sentences.length + rejected.parts.sentences.length : 0;
  const batch: Batch = {
    zero: zeroPoint("z0", needs.has("zero"), estimated.zero),
    sentenceZero: zeroPoint("sentenceZ0", sentences > 0, estimated.sentenceZero),
    sentencesPerPair: sentences,
  };
  const { losses } = objective.losses({ chosen: chosen.parts, rejected: rejected.parts }, options, batch);
  if (Number.isNaN(losses.value) && [chosen, rejected].some(({ parts }) => parts.tokens.value === 0)) {
    throw empty(where, name);
  }
  return {
    loss: losses.value,
    chosenGradient: losses.gradient(chosen.inputs),
    rejectedGradient: losses.gradient(rejected.inputs),
  };
}
