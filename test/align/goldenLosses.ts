/** Torch's masked-DPO losses of the golden models, and their sequences. */
import type { WeightedSequence } from "../../lib/align/logps";
import type { GoldenTensor } from "../golden/golden";

export interface Golden {
  inverseFrequencies: GoldenTensor;
  maskedDpo: {
    pairs: number;
    ids: number[][];
    mask: number[][];
    beta: number;
    steps: number;
    adamw: { lr: number; beta1: number; beta2: number; eps: number; weightDecay: number };
    referenceLogps: number[];
    policyLogps: number[][];
    losses: number[];
  };
}
export const sequencesOf = (ids: number[][], mask: number[][]): WeightedSequence[] =>
  ids.map((row, r) => ({ ids: Int32Array.from(row), weights: Float32Array.from(mask[r]!) }));
