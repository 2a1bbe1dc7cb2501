/**
 * Atlas's questions. Three kinds for cities, one for countries, each with its own pool of relations.
 * Prompts are worded by split: preference training, validation and test share no wording (paper §3.1: "the training
 * set has no overlap with the test set in both dimensions"); pretraining sees all of them.
 */
import { UserError, brief } from "../base/check";
import type { Question } from "../factuality/records";
import type { RelationName, Topic } from "./relation";

export type Split = "train" | "validation" | "test" | "ood";
export type QuestionKind = "place" | "people" | "nation" | "country";

interface Kind {
  /** `{x}` stands for the topic's name. */
  prompts: Partial<Record<Split, readonly string[]>>;
  relations: readonly RelationName[];
}

export const KINDS: Record<QuestionKind, Kind> = {
  place: {
    prompts: {
      train: ["Where is {x}?", "Where does {x} lie?"],
      validation: ["Where can one find {x}?"],
      test: ["What is the location of {x}?"],
    },
    relations: [
      "country",
      "continent",
      "subregion",
      "foreign",
      "hemisphere",
      "greenwich",
      "latitude",
      "longitude",
      "climate",
      "near",
      "nearKm",
      "capitalKm",
      "part",
      "solarTime",
    ],
  },
  people: {
    prompts: {
      train: ["How do people live in {x}?", "What is life like in {x}?"],
      validation: ["What is daily life in {x}?"],
      test: ["Describe the life in {x}."],
    },
    relations: [
      "language",
      "currency",
      "callingCode",
      "domain",
      "population",
      "size",
      "rank",
      "climate",
      "day",
      "near",
      "nearKm",
      "hemisphere",
      "solarTime",
    ],
  },
  nation: {
    prompts: {
      train: ["Which country is {x} in?", "What nation has {x}?"],
      validation: ["What is the country of {x}?"],
      test: ["To which state does {x} belong?"],
    },
    relations: [
      "country",
      "capital",
      "border",
      "demonym",
      "coast",
      "capitalKm",
      "part",
      "rank",
      "status",
      "foreign",
      "population",
      "continent",
      "longitude",
    ],
  },
  country: {
    prompts: { ood: ["Tell me about {x}."] },
    relations: [
      "capital",
      "language",
      "currency",
      "continent",
      "subregion",
      "border",
      "neighbours",
      "demonym",
      "callingCode",
      "domain",
      "coast",
      "area",
      "largestCity",
      "hemisphere",
      "greenwich",
      "latitude",
      "longitude",
    ],
  },
};

export const CITY_KINDS = ["place", "people", "nation"] as const;

/** The question of this kind about this topic; `wording` counts through the split's wordings. */
export function question(topic: Topic, kind: QuestionKind, split: Split, wording: number): Question {
  const wordings = KINDS[kind].prompts[split];
  if (!wordings) throw new Error(`question: no ${split} wording for kind ${kind}`);
  const content = wordings[wording % wordings.length]!.replace("{x}", topic.name);
  return { id: `${topic.id}:${kind}`, topic: topic.id, prompt: [{ role: "user", content }] };
}

/** Every wording of a kind, whatever its split. */
export function allWordings(kind: QuestionKind): string[] {
  return Object.values(KINDS[kind].prompts).flat();
}

/** The kind of one of Atlas's questions, which stands in its id. @throws UserError for another question */
export function kindOf({ id }: Pick<Question, "id">): QuestionKind {
  const [, kind = ""] = id.split(":");
  if (!(kind in KINDS))
    throw new UserError({
      where: `question ${brief(id)}`,
      expected: `an id of Atlas, of one of the kinds ${Object.keys(KINDS).join(", ")}`,
      got: brief(kind),
      fix: "Use Atlas's own questions here.",
    });
  return kind as QuestionKind;
}
