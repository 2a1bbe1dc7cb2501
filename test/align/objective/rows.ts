/** Rows of `mask-dpo loss` drawn at random, and losses with what an objective holds constant held. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { chooseObjective, type ObjectiveChoice } from "../../../lib/align/objective/registry";
import { pairLoss, type PairLoss } from "../../../lib/align/objective/pairLoss";
import type { LossRowGiven } from "../../../lib/align/objective/lossRow";

export type Row = Omit<LossRowGiven, "id">;

const token = fc.record({
  logps: fc.double({ min: -6, max: -0.01, noNaN: true }),
  reference: fc.double({ min: -6, max: -0.01, noNaN: true }),
  weights: fc.constantFrom(0, 1, 0.5, 1.7),
  kl: fc.double({ min: 0, max: 1, noNaN: true }),
  logSumSquares: fc.double({ min: -3, max: 0, noNaN: true }),
});
/** Sides of one to seven tokens, of which some count; half of them are a right sentence, the rest a hallucination. */
export const sidesOfTokens = fc
  .array(token, { minLength: 1, maxLength: 7 })
  .filter((tokens) => tokens.some(({ weights }) => weights > 0))
  .map((tokens) => {
    const of = (key: keyof (typeof tokens)[number]) => tokens.map((values) => values[key]);
    const [middle, end] = [Math.ceil(tokens.length / 2), tokens.length];
    return {
      logps: of("logps"),
      reference: of("reference"),
      weights: of("weights"),
      kl: of("kl"),
      logSumSquares: of("logSumSquares"),
      sentences: [
        { start: 0, end: middle, label: 0 as const },
        ...(middle < end ? [{ start: middle, end, label: 1 as const }] : []),
      ],
    };
  });

/** The loss of `moved`, of which WPO's weight, a constant, is that of `given`. */
export function frozenAt(choice: ObjectiveChoice, given: Row, moved: Row): number {
  const { loss } = pairLoss(choice, moved, "");
  return choice.name === "wpo" ? (loss * wpoWeight(given)) / wpoWeight(moved) : loss;
}

function wpoWeight(row: Row): number {
  return lossOf("wpo", {}, row).loss / lossOf("dpo", {}, row).loss;
}

/** Loss and gradient. */
export function lossOf(name: string, options: Record<string, number>, row: Row): PairLoss {
  return pairLoss(chooseObjective(name, options), row, "row");
}

/** As many zeros. */
export const zeros = (of: readonly unknown[]): number[] => of.map(() => 0);

/** An objective with options. */
export type Named = [name: string, options?: Record<string, number>];

/** Asserts that loss and gradient of the first are those of the other, times `scale`. */
export function same(a: Named, b: Named, row: Row, scale = 1): void {
  const numbers = ([name, options = {}]: Named) => {
    const { loss, chosenGradient, rejectedGradient } = lossOf(name, options, row);
    return [loss, ...chosenGradient, ...rejectedGradient];
  };
  const wanted = numbers(b).map((value) => scale * value);
  numbers(a).forEach((value, i) =>
    assert.ok(
      Math.abs(value - wanted[i]!) <= 1e-12 * Math.max(1, Math.abs(wanted[i]!)),
      `${a[0]} ${i}: ${value}, ${b[0]} ${wanted[i]}`,
    ),
  );
}

/** Two sides drawn apart. */
export const rows = fc.record({ chosen: sidesOfTokens, rejected: sidesOfTokens });

/** Checks it on a hundred rows. */
export function onRows<R>(given: fc.Arbitrary<R>, check: (row: R) => void): void {
  fc.assert(fc.property(given, check), { seed: 2, numRuns: 100 });
}
