/**
 * What training does to probabilities (after the "3D-properties" of Yan et al. 2024: drop of what is rejected,
 * degradation of what is chosen, dispersion to what is neither): at a fact's slot the mass of the right values, of the
 * wrong one that was stated and of all else, and the log-probabilities a token of chosen, rejected and right held-out
 * answers.
 */
import { z } from "zod";
import { sum } from "../../base/collections";
import { mean } from "../../base/stats";
import type { Policy } from "../../model/policy";
import { unmaskedTokens } from "../../preference/collate";
import type { PreferencePair, PreferenceSide } from "../../preference/pair";
import type { Message } from "../../text/message";
import type { Tokenizer } from "../../text/tokenizer";
import type { Atlas } from "../../world/atlas";
import type { WeightedSequence } from "../logps";
import { logpSums, wholeSequence } from "./sequences";
import { factSlots, slotMass, slotSequences, type SlotMass } from "./factSlots";

const number = z.number();
const share = z.number().nullable();
/** Means: of slots as shares of 1, null where there is no slot; of answers in nats a token. */
export const trackPointSchema = z
  .object({ right: share, stated: share, other: share, chosen: number, rejected: number, heldOut: number })
  .strict();
export type TrackPoint = z.output<typeof trackPointSchema>;

/** What is looked at under every policy of one tokenizer. */
export interface Tracked {
  slots: WeightedSequence[][];
  chosen: WeightedSequence[];
  rejected: WeightedSequence[];
  heldOut: WeightedSequence[];
}

/** An answer to a question that no training saw. */
export interface HeldOut {
  prompt: readonly Message[];
  completion: string;
}

/** @param heldOut right answers */
export function trackedOf(
  atlas: Atlas,
  tokenizer: Tokenizer,
  pairs: readonly PreferencePair[],
  heldOut: readonly HeldOut[],
): Tracked {
  const whole = (prompt: readonly Message[], side: PreferenceSide) => wholeSequence(tokenizer, prompt, side);
  return {
    slots: factSlots(atlas, pairs).map((slot) => slotSequences(tokenizer, slot)),
    chosen: pairs.map(({ prompt, chosen }) => whole(prompt, chosen)),
    rejected: pairs.map(({ prompt, rejected }) => whole(prompt, rejected)),
    heldOut: heldOut.map(({ prompt, completion }) => whole(prompt, { completion, sentences: [] })),
  };
}

/** Under a policy. */
export async function trackPolicy(policy: Policy, { slots, chosen, rejected, heldOut }: Tracked): Promise<TrackPoint> {
  const ofSlots = await logpSums(policy, slots.flat());
  let start = 0;
  const masses = slots.map(({ length }) => slotMass(ofSlots.slice(start, (start += length))));
  const perToken = async (sequences: readonly WeightedSequence[]) => {
    const values = await logpSums(policy, sequences);
    return sum(values) / sum(sequences.map(({ weights }) => unmaskedTokens(weights)));
  };
  const meanOf = (key: keyof SlotMass) => (masses.length > 0 ? mean(masses.map((mass) => mass[key])) : null);
  return {
    right: meanOf("right"),
    stated: meanOf("stated"),
    other: meanOf("other"),
    chosen: await perToken(chosen),
    rejected: await perToken(rejected),
    heldOut: await perToken(heldOut),
  };
}
