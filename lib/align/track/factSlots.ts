/**
 * Slots of facts: where an answer states a value of a fact wrongly, what would have been right there, and how probable
 * each is. A slot's prefix is the answer up to the value, so probabilities are those at the very place of the mistake.
 */
import type { PreferencePair } from "../../preference/pair";
import { encodeAnswer } from "../../text/answer";
import type { Message } from "../../text/message";
import { promptIds } from "../../text/prompt";
import type { Tokenizer } from "../../text/tokenizer";
import type { Atlas } from "../../world/atlas";
import { readings, RELATIONS, truths } from "../../world/relation";
import type { WeightedSequence } from "../logps";

export interface FactSlot {
  prompt: readonly Message[];
  /** the answer up to the value, and from it to the end of the sentence */
  before: string;
  after: string;
  /** values that are true, at least one */
  right: readonly string[];
  /** the value that the answer states */
  stated: string;
}

/** Wrong statements of rejected sides, where something true could stand instead. */
export function factSlots(atlas: Atlas, pairs: readonly PreferencePair[]): FactSlot[] {
  return pairs.flatMap(({ topic, prompt, rejected: { completion, sentences } }) =>
    sentences.flatMap(({ start, end, verdict }): FactSlot[] => {
      const text = completion.slice(start, end);
      const reading = readings(text)[0];
      if (verdict !== "contradictory" || !reading) return [];
      const { relation, value: stated } = reading;
      const right = truths(relation, atlas.topic(topic)) ?? [];
      const wording = RELATIONS[relation].wordings.find((one) => one.replace("{v}", () => stated) === text);
      if (right.length === 0 || !wording) return [];
      const [before, after] = wording.split("{v}") as [string, string];
      return [{ prompt, before: completion.slice(0, start) + before, after, right, stated }];
    }),
  );
}

/** Of each value a sequence in which the value and what follows it in its sentence count; the stated one last. */
export function slotSequences(tokenizer: Tokenizer, slot: FactSlot): WeightedSequence[] {
  const { prompt, before, after, right, stated } = slot;
  const from = before.trimEnd().length; // a space belongs to the token behind it
  return [...right, stated].map((value) => {
    const { promptIds: own, ids, ends } = encodeAnswer(tokenizer, prompt, before + value + after);
    const opening = own ?? promptIds(tokenizer, prompt);
    return {
      ids: Int32Array.from([...opening, ...ids]),
      weights: Float32Array.from([...opening.map(() => 0), ...ends.map((end) => (end > from ? 1 : 0))]),
    };
  });
}

/** What of a slot's probability goes where; sums to 1. */
export type SlotMass = Record<"right" | "stated" | "other", number>;

/** @param logps of `slotSequences` @returns `other`: every other value, and whatever else could stand there */
export function slotMass(logps: ArrayLike<number>): SlotMass {
  const masses = Array.from(logps, Math.exp);
  const stated = masses.pop()!;
  const right = masses.reduce((sum, mass) => sum + mass, 0);
  return { right, stated, other: 1 - right - stated };
}
