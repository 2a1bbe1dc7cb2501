/** The objectives that a page can compute, and what they push: it has the pair's log-probabilities and nothing else. */
import type { Need } from "../../../align/objective/objective";
import { pairLoss } from "../../../align/objective/pairLoss";
import {
  chooseObjective,
  describeOptions,
  needsOf,
  objectives,
  type ObjectiveChoice,
} from "../../../align/objective/registry";
import { sum } from "../../../base/collections";
import { sideNames, type Side } from "../../../preference/mask";

/** Why one is not offered that looks at it. */
const absent: Partial<Record<Need, string>> = {
  forwardKl: "it compares whole distributions",
  reverseKl: "it compares whole distributions",
  alignment: "it looks at whole distributions",
  zero: "it looks at other pairs of a step",
};

interface Offer {
  choice: ObjectiveChoice;
  label: string;
  options: string;
  /** why it is not to be had here */
  missing?: string;
}

/** All there are, with their default options. */
export const offers: readonly Offer[] = objectives.map(({ name, label }) => {
  const choice = chooseObjective(name);
  const missing = [...needsOf(choice)].map((need) => absent[need]).find((why) => why !== undefined);
  return { choice, label, options: describeOptions(choice), missing };
});

interface PushedSide {
  /** [tokens], nats */
  logps: number[];
  reference: number[];
  /** [tokens] 1 where the mask keeps one, else 0 */
  weights: number[];
  /** 1 for one with a hallucination */
  label: 0 | 1;
}

/**
 * What a step of gradient descent wants of log-probabilities, by side and token: the negative gradient of the pair's
 * loss, in loss per nat.
 */
export interface Push extends Record<Side, number[]> {
  loss: number;
  /** sum of absolute values */
  total: number;
}

export function pushOf(choice: ObjectiveChoice, sides: Record<Side, PushedSide>): Push {
  const { loss, chosenGradient, rejectedGradient } = pairLoss(choice, sides, "this pair");
  const push = {
    chosen: chosenGradient.map((slope) => 0 - slope),
    rejected: rejectedGradient.map((slope) => 0 - slope),
  };
  return { loss, ...push, total: sum(sideNames.flatMap((name) => push[name].map(Math.abs))) };
}
