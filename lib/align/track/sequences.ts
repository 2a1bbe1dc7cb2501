/** Whole answers under a policy: every token of the completion counts, the closing one too, whatever a mask says. */
import * as tf from "@tensorflow/tfjs";
import { chunks } from "../../base/collections";
import type { Policy } from "../../model/policy";
import { encodeSide, type TokenizedSide } from "../../preference/collate";
import type { PreferenceSide } from "../../preference/pair";
import type { Message } from "../../text/message";
import { promptIds } from "../../text/prompt";
import type { Tokenizer } from "../../text/tokenizer";
import { sequenceLogps, wholeCompletionLogps, type WeightedSequence } from "../logps";

/** @throws UserError as `encodeSide` */
export function wholeSequence(
  tokenizer: Tokenizer,
  prompt: readonly Message[],
  side: PreferenceSide,
): WeightedSequence {
  const encoded = encodeSide(side, prompt, tokenizer, promptIds(tokenizer, prompt));
  const closing = encoded.closing === undefined ? [] : [encoded.closing];
  const ids = Int32Array.from([...encoded.promptIds, ...encoded.ids, ...closing]);
  return { ids, weights: new Float32Array(ids.length).fill(1, encoded.promptIds.length) };
}

/** Sequences in a forward pass: neighbours share their beginnings. */
const chunk = 48;

/** Weighted sums of log-probabilities, in nats, one a sequence. */
export async function logpSums({ model, params }: Policy, sequences: readonly WeightedSequence[]): Promise<number[]> {
  const out: number[] = [];
  for (const part of chunks(sequences, chunk)) {
    const logps = tf.tidy(() => sequenceLogps(model, params, part));
    out.push(...(await logps.data<"float32">()));
    logps.dispose();
  }
  return out;
}

/** Log-probabilities of every completion token, whatever its mask: [sides][completion]. */
export async function completionTokenLogps(
  { model, params }: Policy,
  sides: readonly Pick<TokenizedSide, "ids" | "promptLength">[],
): Promise<Float32Array[]> {
  const out: Float32Array[] = [];
  for (const part of chunks(sides, chunk)) out.push(...(await wholeCompletionLogps(model, () => params, part)));
  return out;
}
