/**
 * Closed questions about Atlas's topics: one value of a relation is right, some of other topics are wrong. Who answers
 * cannot please by style, length or silence.
 */
import { UserError } from "../base/check";
import type { Rng } from "../base/rng";
import type { Message } from "../text/message";
import type { Atlas } from "./atlas";
import { truths, type RelationName, type Topic } from "./relation";

export interface ClosedQuestion {
  topic: string;
  relation: ClosedRelation;
  prompt: Message[];
  /** all of them answers; the first is the right one */
  values: string[];
}

const asked = {
  country: "In which country is {x}?",
  continent: "On which continent is {x}?",
  capital: "What is the capital of the country that {x} is in?",
  language: "Which language do people speak in {x}?",
  currency: "What is the currency in {x}?",
} as const satisfies Partial<Record<RelationName, string>>;
export type ClosedRelation = keyof typeof asked;
export const closedRelations = Object.keys(asked) as ClosedRelation[];

/**
 * A question of every relation about every topic. Where several values are right, one is drawn; wrong ones are those of
 * other topics, drawn as often as they occur, each once.
 * @param wrong how many wrong values at most: there are five other continents
 * @throws UserError for a topic that is not Atlas's
 */
export function closedQuestions(atlas: Atlas, topics: readonly string[], wrong: number, rng: Rng): ClosedQuestion[] {
  const holders = atlas.topics.filter(({ kind }) => kind === "city");
  return topics.flatMap((id) => {
    const topic = atlas.topic(id);
    return closedRelations.map((relation): ClosedQuestion => {
      const own = rng.fork(`${relation} ${id}`);
      const right = valuesOf(relation, topic);
      const others = own
        .shuffle(holders)
        .slice(0, mostTried)
        .flatMap((other) => valuesOf(relation, other));
      const values = [
        own.pick(right),
        ...[...new Set(others)].filter((value) => !right.includes(value)).slice(0, wrong),
      ];
      const content = `${asked[relation].replace("{x}", () => topic.name)} Answer with the name only.`;
      return { topic: id, relation, prompt: [{ role: "user", content }], values };
    });
  });
}

/** Enough cities to find some of each continent. */
const mostTried = 400;

function valuesOf(relation: ClosedRelation, topic: Topic): readonly string[] {
  const values = truths(relation, topic);
  if (values && values.length > 0) return values;
  throw new UserError({
    where: `topic ${topic.id}`,
    expected: `a ${relation}`,
    got: "none",
    fix: "Ask about cities of Atlas.",
  });
}
