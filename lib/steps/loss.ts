/**
 * `mask-dpo loss`: an objective and its gradient on given log-probabilities, in float64 and without an engine, so that
 * other trainers can be checked against it.
 */
import { lossRowSchema, zeroPointsOf } from "../align/objective/lossRow";
import { pairLoss, type PairLoss } from "../align/objective/pairLoss";
import { needsOf, type ObjectiveChoice } from "../align/objective/registry";
import { readNumberedJsonl, required, writeJsonl } from "../base/jsonl";

export interface LossRow extends PairLoss {
  id: string | number;
}

/** @throws UserError naming the line of a side with other lengths or too little, or with no token for a mean */
export function lossVerb(objective: ObjectiveChoice, input: string, out: string): number {
  const rows = required(readNumberedJsonl(input, lossRowSchema), input, "row").map(({ row, line }) => ({
    row,
    where: `${input}:${line}`,
  }));
  const zeros = needsOf(objective).has("zero") ? zeroPointsOf(rows, objective.name) : {};
  writeJsonl(
    out,
    rows.map(({ row, where }): LossRow => ({ id: row.id, ...pairLoss(objective, row, where, zeros) })),
  );
  return rows.length;
}
