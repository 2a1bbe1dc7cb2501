/**
 * Texts of Atlas: true answers, and the "web" a base policy is pretrained on. Exposure is skewed by population
 * (∝ population^0.7), so that head topics get known and tail topics hallucinated.
 */
import { writeFileAtomic } from "../base/files";
import type { Rng } from "../base/rng";
import type { Question } from "../factuality/records";
import type { Message } from "../text/message";
import { agendaOf, pretrainingAgenda } from "./agenda";
import type { Atlas } from "./atlas";
import { CITY_KINDS, KINDS, allWordings, kindOf } from "./question";
import type { QuestionKind } from "./question";
import { NO_FACT, RELATIONS, truths } from "./relation";
import type { RelationName, Topic } from "./relation";

/** Facts per answer: uniform on 8, 9, 10. */
const MIN_FACTS = 8;
const MAX_FACTS = 10;
const NO_FACT_SHARE = 0.25;
const CITY_EXPOSURE = 0.7;
const COUNTRY_EXPOSURE = 0.3;
const COUNTRY_SHARE = 0.08;

/** One sentence stating `value`, in a random wording. */
export function renderFact(relation: RelationName, value: string, rng: Rng): string {
  return rng.pick(RELATIONS[relation].wordings).replace("{v}", () => value);
}

/**
 * A true answer: 8 to 10 facts of the kind's pool in random order, one sentence each; one in four holds a no-fact
 * sentence.
 */
export function renderAnswer(topic: Topic, kind: QuestionKind, rng: Rng): string {
  const known = KINDS[kind].relations.filter((name) => (truths(name, topic) ?? []).length > 0);
  const count = MIN_FACTS + rng.int(MAX_FACTS - MIN_FACTS + 1);
  const sentences = rng
    .shuffle(known)
    .slice(0, count)
    .map((name) => renderFact(name, rng.pick(truths(name, topic)!), rng));
  if (rng.next() < NO_FACT_SHARE) sentences.splice(rng.int(sentences.length + 1), 0, rng.pick(NO_FACT));
  return sentences.join(" ");
}

/** A true answer that states these facts in this order, one sentence each. */
export function renderAgenda(topic: Topic, agenda: readonly RelationName[], rng: Rng): string {
  return agenda.map((name) => renderFact(name, rng.pick(truths(name, topic)!), rng)).join(" ");
}

/** A true answer to one of Atlas's questions. @throws UserError as `kindOf` */
export function renderAnswerTo(atlas: Atlas, question: Question, rng: Rng): string {
  const [topic, agenda] = [atlas.topic(question.topic), agendaOf(question)];
  return agenda ? renderAgenda(topic, agenda, rng) : renderAnswer(topic, kindOf(question), rng);
}

export interface PretrainingDocument {
  prompt: Message[];
  completion: string;
  topicId: string;
}

/**
 * A function that draws documents; make it once, draw often. 8 % about countries (∝ urban population^0.3), the others
 * about cities of every split; kinds and wordings uniform.
 * @param fixed share of the documents that answer a question which says what to state
 */
export function pretrainingDocuments(atlas: Atlas, fixed = 0): (rng: Rng) => PretrainingDocument {
  const cities = sampler(
    atlas.topics.filter(({ kind }) => kind === "city"),
    ({ city }) => city!.population ** CITY_EXPOSURE,
  );
  const countries = sampler(
    atlas.topics.filter(({ kind }) => kind === "country"),
    ({ country }) => Math.max(1000, country.urbanPopulation) ** COUNTRY_EXPOSURE,
  );
  return (rng) => {
    const aboutCountry = rng.next() < COUNTRY_SHARE;
    const topic = (aboutCountry ? countries : cities)(rng);
    const kind = aboutCountry ? "country" : rng.pick(CITY_KINDS);
    if (fixed > 0 && rng.next() < fixed) {
      const question = pretrainingAgenda(topic, kind, rng);
      const completion = renderAgenda(topic, agendaOf(question)!, rng);
      return { prompt: question.prompt, completion, topicId: topic.id };
    }
    const content = rng.pick(allWordings(kind)).replace("{x}", topic.name);
    return { prompt: [{ role: "user", content }], completion: renderAnswer(topic, kind, rng), topicId: topic.id };
  };
}

/** Writes `n` documents, two lines each (prompt, completion), for training a tokenizer. */
export function writeCorpus(atlas: Atlas, file: string, rng: Rng, n: number): void {
  const draw = pretrainingDocuments(atlas);
  const lines = Array.from({ length: n }, () => {
    const { prompt, completion } = draw(rng);
    return `${prompt[0]!.content}\n${completion}\n`;
  });
  writeFileAtomic(file, lines.join(""));
}

/** Draws items with probability ∝ weight, by bisection of the cumulated weights. */
function sampler<T>(items: readonly T[], weight: (item: T) => number): (rng: Rng) => T {
  let sum = 0;
  const cumulated = items.map((item) => (sum += weight(item)));
  return (rng) => {
    const target = rng.next() * sum;
    let low = 0;
    let high = items.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (cumulated[middle]! > target) high = middle;
      else low = middle + 1;
    }
    return items[low]!;
  };
}
