/**
 * Questions that take something for granted: one fact of the topic stands before the question, true or false. Templates
 * of training and of test share no wording.
 */
import type { Rng } from "../base/rng";
import type { Question } from "../factuality/records";
import type { Atlas } from "./atlas";
import { indexTopics } from "./oracle";
import { truths, type RelationName } from "./relation";

const templates = {
  train: {
    country: ["{x} lies in {v}.", "{x} is a city of {v}."],
    size: ["{x} is a {v} city.", "As a city {x} is {v}."],
  },
  test: { country: ["Everybody knows that {x} is part of {v}."], size: ["For its people {x} is {v}."] },
} as const satisfies Record<string, Partial<Record<RelationName, readonly string[]>>>;
export type PremiseSplit = keyof typeof templates;
const relations = ["country", "size"] as const;

export interface Premise {
  relation: (typeof relations)[number];
  /** as it is said, and as it is */
  value: string;
  truth: string;
}

export function isFalse({ value, truth }: Premise): boolean {
  return value !== truth;
}

/** A premise about a question's topic, which is a city. @param wrong whether the value is another topic's */
export function premiseOf(atlas: Atlas, { topic }: Pick<Question, "topic">, wrong: boolean, rng: Rng): Premise {
  const relation = rng.pick(relations);
  const [truth] = truths(relation, atlas.topic(topic)) ?? [];
  if (truth === undefined) throw new Error(`premiseOf: expected a city, got ${topic}`);
  const others = valuesOf(atlas, relation).filter((value) => value !== truth);
  return { relation, truth, value: wrong ? rng.pick(others) : truth };
}

const known = new WeakMap<Atlas, Map<RelationName, string[]>>();

/** All values that a relation has, found once. */
function valuesOf(atlas: Atlas, relation: RelationName): string[] {
  const own = known.get(atlas) ?? new Map<RelationName, string[]>();
  known.set(atlas, own);
  const values = own.get(relation) ?? [...indexTopics(atlas, relation).keys()];
  own.set(relation, values);
  return values;
}

/** The premise in words. */
export function premiseText(
  atlas: Atlas,
  { topic }: Pick<Question, "topic">,
  { relation, value }: Premise,
  split: PremiseSplit,
  rng: Rng,
): string {
  const { name } = atlas.topic(topic);
  return rng
    .pick(templates[split][relation])
    .replace("{x}", () => name)
    .replace("{v}", () => value);
}

/** A question behind a text, and before another. */
export function framed(question: Question, before: string, after = ""): Question {
  const [last, ...rest] = question.prompt.slice().reverse();
  const content = [before, last!.content, after].filter((text) => text !== "").join(" ");
  return { ...question, prompt: [...rest.reverse(), { ...last!, content }] };
}
