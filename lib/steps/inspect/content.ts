/** What the page of pairs holds: written when it is made, read by its script. */
import type { MaskKind, Side } from "../../preference/mask";
import type { PreferencePair } from "../../preference/pair";

export interface Content {
  /** of the pairs as they were read: by it a browser knows its corrections again */
  hash: string;
  /** the pairs' file, as it was given */
  file: string;
  /** as training would have to be told; without one its default */
  model?: string;
  /** of the mask `random` */
  seed: number;
  /** the mask at first */
  mask: MaskKind;
  /** whether pairs have `logps`, of a policy and its reference */
  policies: boolean;
  pairs: ContentPair[];
}

export interface ContentPair extends Record<Side, ContentSide> {
  /** of the topic: what the question calls it, or else its id */
  name: string;
  /** as it was read: what is exported */
  row: PreferencePair;
}

export interface ContentSide {
  /** of all tokens, the closing one included */
  runs: Run[];
  /** float32 [tokens] in base64, nats; none for a pair that is longer than the model's positions */
  logps?: Record<"policy" | "reference", string>;
}

/** Tokens in a row of one sentence: [sentence or -1, ...lengths]; a negative length is text without a token. */
export type Run = [sentence: number, ...lengths: number[]];
