/**
 * Questions that say which facts to state: "Give Brno's country, currency and latitude." An answer states each of them
 * once and nothing else; else it is refused whole. So a score cannot rise by choosing easier facts, by saying less or
 * by saying nothing, only by being right. What is asked is drawn from the facts that a free answer to a question of
 * the same kind chooses from, and stands in the question's id.
 */
import type { Rng } from "../base/rng";
import type { Question } from "../factuality/records";
import { splitSentences } from "../text/sentence";
import { KINDS, kindOf, type QuestionKind, type Split } from "./question";
import { readings, truths, type RelationName, type Topic } from "./relation";

/** Whether answers choose what to state, or are told. */
export type Asking = "free" | "fixed";

/** Facts that a question asks for, near the 8 to 10 of a free answer; in pretraining so many from and to. */
export const agendaLength = 8;
const PRETRAINING_LENGTHS = { from: 5, to: 9 } as const;

/** `{x}` stands for the topic's name, `{facts}` for what is asked; worded by split, as free questions are. */
const WORDINGS: Readonly<Record<Split, readonly string[]>> = {
  train: ["Give {x}'s {facts}.", "State the {facts} of {x}."],
  validation: ["List the {facts} of {x}."],
  test: ["What are the {facts} of {x}?"],
  ood: ["Name the {facts} of {x}."],
};

/** What a relation is called in a question; part of what policies are trained on. */
export const namesInQuestions: Readonly<Record<RelationName, string>> = {
  country: "country",
  continent: "continent",
  subregion: "region",
  capital: "capital",
  language: "language",
  currency: "currency",
  demonym: "demonym",
  border: "neighbour",
  neighbours: "number of neighbours",
  callingCode: "phone code",
  domain: "web domain",
  coast: "coast",
  area: "area",
  largestCity: "largest city",
  hemisphere: "hemisphere",
  greenwich: "side of Greenwich",
  latitude: "latitude",
  longitude: "longitude",
  climate: "climate zone",
  day: "longest day",
  solarTime: "solar time",
  population: "population",
  size: "size",
  rank: "national rank",
  status: "status",
  near: "larger neighbour",
  nearKm: "distance to a larger city",
  capitalKm: "distance to the capital",
  foreign: "nearest foreign country",
  part: "part of the country",
};

/** A question of a kind's facts about a topic; `wording` counts through the split's wordings. */
export function agendaQuestion(
  topic: Topic,
  kind: QuestionKind,
  split: Split,
  wording: number,
  agenda: readonly RelationName[],
): Question {
  const wordings = WORDINGS[split];
  const content = wordings[wording % wordings.length]!.replace("{facts}", listed(agenda)).replace(
    "{x}",
    () => topic.name,
  );
  return {
    id: `${topic.id}:${kind}:${agenda.join("+")}`,
    topic: topic.id,
    prompt: [{ role: "user", content }],
  };
}

function listed(agenda: readonly RelationName[]): string {
  const names = agenda.map((relation) => namesInQuestions[relation]);
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)!}`;
}

/** As many facts of the kind as there are up to `length`, each of which the topic has, in random order. */
export function drawAgenda(topic: Topic, kind: QuestionKind, length: number, rng: Rng): RelationName[] {
  const known = KINDS[kind].relations.filter((name) => (truths(name, topic) ?? []).length > 0);
  return rng.shuffle(known).slice(0, length);
}

/** A question as pretraining has it: any of the wordings that a kind's questions have, and any length. */
export function pretrainingAgenda(topic: Topic, kind: QuestionKind, rng: Rng): Question {
  const { from, to } = PRETRAINING_LENGTHS;
  const [split, wording] = rng.pick(
    (Object.keys(KINDS[kind].prompts) as Split[]).flatMap((split) =>
      WORDINGS[split].map((_, i) => [split, i] as const),
    ),
  );
  return agendaQuestion(topic, kind, split, wording, drawAgenda(topic, kind, from + rng.int(to - from + 1), rng));
}

/** What a question says to state, in its order; undefined for one that leaves it open, or is not Atlas's. */
export function agendaOf({ id }: Pick<Question, "id">): RelationName[] | undefined {
  const [, , agenda] = id.split(":");
  const names = agenda?.split("+") ?? [];
  return names.length > 0 && names.every(isRelation) ? names : undefined;
}

const isRelation = (name: string): name is RelationName => Object.hasOwn(namesInQuestions, name);

/** What an answer may be about: what is asked, else the facts of the question's kind. @throws UserError as `kindOf` */
export function relationsOf(question: Pick<Question, "id">): readonly RelationName[] {
  return agendaOf(question) ?? KINDS[kindOf(question)].relations;
}

/** Whether an answer states what its question asks for, each fact once and nothing else; true where it may choose. */
export function keepsToAgenda(question: Pick<Question, "id">, completion: string): boolean {
  const agenda = agendaOf(question);
  if (!agenda) return true;
  const stated = splitSentences(completion).map(
    ({ start, end }) => readings(completion.slice(start, end))[0]?.relation,
  );
  return stated.length === agenda.length && agenda.every((relation) => stated.includes(relation));
}
