/** Token probabilities of one pair, step by step under four masks: what the slider shows. Plain data. */
import type { MaskKind, Side } from "../../preference/mask";
import type { PairSide } from "./protocol";

export interface TokenTrack {
  question: string;
  /** pairs trained on, in steps of so many */
  pairs: number;
  batch: number;
  /** the pair that is looked at, one of those trained on */
  sides: Record<Side, PairSide>;
  /** log-probabilities in nats by step, from 0 on, and token */
  logps: Record<MaskKind, Record<Side, number[][]>>;
}
