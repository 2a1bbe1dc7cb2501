/** The golden pairs of generate/objectives.py, as `mask-dpo loss` and as the engine take them. */
import * as tf from "@tensorflow/tfjs";
import { batchOf } from "../../../lib/align/batch";
import type { PairIds, SideIds } from "../../../lib/align/pairIds";
import type { TokenValues } from "../../../lib/align/parts";
import { chooseObjective, objectiveNamed, type ObjectiveChoice } from "../../../lib/align/objective/registry";
import { weightedSums } from "../../../lib/align/completionLogps";
import type { LossRowGiven } from "../../../lib/align/objective/lossRow";
import { readGolden } from "../../golden/golden";

export type Weighting = "unmasked" | "masked" | "weighted";
type Given = Omit<LossRowGiven, "id">;
export type GivenSide = Given["chosen"];
interface GoldenSide extends GivenSide {
  reference: number[];
  weights: number[];
  kl: number[];
  logSumSquares: number[];
  label: 0 | 1;
  sentences: { start: number; end: number; label: 0 | 1 }[];
}
interface Golden {
  pairs: Record<"chosen" | "rejected", GoldenSide>[];
  masks: Record<"chosen" | "rejected", number[]>[];
  zero: { z0: number; sentenceZ0: number };
  results: {
    objective: string;
    options: Record<string, number>;
    weighting: Weighting;
    losses: number[];
    gradients: Record<"chosen" | "rejected", number[]>[];
    /** of all pairs at once, where that is not the mean of theirs */
    batch?: { loss: number; gradients: Record<"chosen" | "rejected", number[]>[] };
  }[];
}
export const golden = readGolden<Golden>("objectives.json");
export const sideNames = ["chosen", "rejected"] as const;

export function goldenSide(pair: number, side: "chosen" | "rejected", weighting: Weighting): GoldenSide {
  const given = golden.pairs[pair]![side];
  const mask = golden.masks[pair]![side];
  const weights = { unmasked: mask.map(() => 1), masked: mask, weighted: mask.map((m, t) => m * given.weights[t]!) };
  return { ...given, weights: weights[weighting] };
}

/** A row of `mask-dpo loss`. */
export function goldenRow(pair: number, weighting: Weighting): Given {
  return {
    chosen: goldenSide(pair, "chosen", weighting),
    rejected: goldenSide(pair, "rejected", weighting),
    ...golden.zero,
  };
}

/** All pairs as the engine takes them, under the weights that the objective makes of their own. */
export function onEngine(choice: ObjectiveChoice, weighting: Weighting) {
  const rows = golden.pairs.map((_, i) => ({
    chosen: goldenSide(i, "chosen", weighting),
    rejected: goldenSide(i, "rejected", weighting),
  }));
  const weights = rows.map(({ chosen, rejected }) => {
    const given = { chosen: chosen.weights, rejected: rejected.weights };
    return objectiveNamed(choice.name).reweigh?.(given, choice.options) ?? given;
  });
  const ids = ({ sentences, label }: GoldenSide, weights: readonly number[]): SideIds => {
    const of = new Int32Array(weights.length).fill(-1);
    sentences.forEach(({ start, end }, i) => of.fill(i, start, end));
    return {
      ids: new Int32Array(of.length),
      weights: Float32Array.from(weights),
      promptLength: 0,
      label,
      sentences: { of, labels: sentences.map(({ label }) => label) },
    };
  };
  const pairs = rows.map((row, i): PairIds => ({
    chosen: ids(row.chosen, weights[i]!.chosen),
    rejected: ids(row.rejected, weights[i]!.rejected),
  }));
  const floats = (side: "chosen" | "rejected") => rows.map((row) => Float32Array.from(row[side].reference));
  const reference = weightedSums({ chosen: floats("chosen"), rejected: floats("rejected") }, pairs);
  /** of the tokens that count: of all chosen sides, then all rejected ones */
  const counting = (of: (pair: number, side: "chosen" | "rejected") => readonly number[]) =>
    sideNames.flatMap((side) => rows.flatMap((_, i) => of(i, side).filter((_, t) => weights[i]![side][t]! > 0)));
  const values = (key: "logps" | "kl" | "logSumSquares") => tf.tensor1d(counting((i, side) => rows[i]![side][key]));
  const tokens = (logps: tf.Tensor1D): TokenValues => ({
    logps,
    forwardKl: values("kl"),
    reverseKl: values("kl"),
    logSumSquares: values("logSumSquares"),
  });
  const { z0, sentenceZ0 } = golden.zero;
  return {
    pairs,
    logps: values("logps"),
    tokens,
    counting,
    given: { reference, batch: batchOf(pairs, { zero: z0, sentenceZero: sentenceZ0 }) },
  };
}

export const choiceOf = ({ objective, options }: Golden["results"][number]) => chooseObjective(objective, options);
