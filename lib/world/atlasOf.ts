/** Topics and questions of Atlas from its facts, wherever those were read. */
import { UserError, brief } from "../base/check";
import { Rng } from "../base/rng";
import type { Question } from "../factuality/records";
import { agendaLength, agendaQuestion, drawAgenda, type Asking } from "./agenda";
import type { CityRow, CountryRow, TopicSplit } from "./facts";
import { CITY_KINDS, question } from "./question";
import type { QuestionKind, Split } from "./question";
import type { Topic } from "./relation";

export interface Atlas {
  /** Cities, largest first, then countries. */
  topics: readonly Topic[];
  /** all of them, also those that are no topic */
  countries: readonly CountryRow[];
  /** Rows as read; ids are `<topic id>:<kind>`, and `<topic id>:<kind>:<facts>` where they say which facts to state. */
  splits: Readonly<Record<Split, readonly Question[]>>;
  /** @throws UserError for an unknown id */
  topic: (id: string) => Topic;
}

export interface Facts {
  countries: CountryRow[];
  cities: CityRow[];
}

/**
 * @param folder where the facts are from, for messages
 * @param asking whether its questions say which facts to state
 * @throws UserError for facts that contradict each other
 */
export function atlasOf({ countries, cities }: Facts, folder: string, asking: Asking): Atlas {
  const byCode = new Map(countries.map((country) => [country.code, country]));
  const topics: Topic[] = [];
  const bySplit: Record<TopicSplit, Topic[]> = { train: [], validation: [], test: [] };
  for (const city of cities) {
    const country = byCode.get(city.country);
    if (!country)
      throw new UserError({
        where: `${folder}/cities.jsonl`,
        expected: `a country code of countries.jsonl for ${city.id}`,
        got: brief(city.country),
        fix: "Run mask-dpo world facts again.",
      });
    const topic: Topic = { kind: "city", id: city.id, name: city.name, country, city };
    topics.push(topic);
    bySplit[city.split].push(topic);
  }
  const nations = countries
    .filter((country) => country.topic)
    .map((country): Topic => ({ kind: "country", id: country.id, name: country.name, country }));
  topics.push(...nations);
  const byId = new Map(topics.map((topic) => [topic.id, topic]));
  if (byId.size !== topics.length)
    throw new UserError({
      where: folder,
      expected: "unique topic ids",
      got: `${topics.length - byId.size} repeated`,
      fix: "Run mask-dpo world facts again.",
    });
  const ask = asking === "free" ? question : fixedQuestion;
  const oneKind = (split: "validation" | "test"): Question[] =>
    bySplit[split].map((topic, i) => ask(topic, CITY_KINDS[i % 3]!, split, i));
  return {
    topics,
    countries,
    splits: {
      train: bySplit.train.flatMap((topic, i) => CITY_KINDS.map((kind, k) => ask(topic, kind, "train", i + k))),
      validation: oneKind("validation"),
      test: oneKind("test"),
      ood: nations.map((topic, i) => ask(topic, "country", "ood", i)),
    },
    topic(id) {
      const topic = byId.get(id) ?? topicMeant(id, topics);
      byId.set(id, topic); // found once
      return topic;
    },
  };
}

/** As a person writes it: by name or id, in any case. @throws UserError unless that is one topic */
function topicMeant(written: string, topics: readonly Topic[]): Topic {
  const lower = written.toLowerCase();
  const [meant, ...others] = topics.filter(({ id, name }) => id === lower || name.toLowerCase() === lower);
  if (meant && others.length === 0) return meant;
  throw new UserError({
    expected: "a topic of Atlas",
    got: meant
      ? `${brief(written)}, the name of ${[meant, ...others].map(({ id }) => id).join(" and ")}`
      : brief(written),
    fix: "Topics are the cities and countries of data/atlas, by name or id, as Brno or new-york-city.",
  });
}

/** What is asked belongs to the world: it is the same for every seed of a session. */
function fixedQuestion(topic: Topic, kind: QuestionKind, split: Split, wording: number): Question {
  const agenda = drawAgenda(topic, kind, agendaLength, new Rng("agenda").fork(topic.id).fork(kind));
  return agendaQuestion(topic, kind, split, wording, agenda);
}
