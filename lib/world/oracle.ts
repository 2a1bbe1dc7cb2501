/**
 * The exact annotator of Atlas: a verdict per sentence with the fact behind it (paper §2.2, Eq. 4; stands in for
 * ANAH-v2), and for a wrong fact the topics it is true of (Eq. 7-8).
 *
 * supported: a relation's wording with a true value, again for a repeated sentence. contradictory: the wording with
 * another value. unverifiable: no wording matches, or the relation makes no sense for the topic. no-fact: one of the
 * known sentences without a fact.
 */
import type { Annotator } from "../factuality/annotator";
import type { Question, Sentence } from "../factuality/records";
import { splitSentences } from "../text/sentence";
import { keepsToAgenda } from "./agenda";
import type { Atlas } from "./atlas";
import { NO_FACT, readings, truths } from "./relation";
import type { RelationName, Topic } from "./relation";

export interface OracleSentence extends Sentence {
  relation?: RelationName;
  statedValue?: string;
  /** Values that would have been true; may be empty (a country without land borders). */
  trueValues?: readonly string[];
  /**
   * For a contradictory sentence: ids of the topics of which it is true, in Atlas's order; empty for an unknown value.
   * Shared, not to be changed.
   */
  wrongTopics?: readonly string[];
}

export interface OracleAnnotator {
  /** @throws UserError when the question's topic is not in Atlas */
  annotate(question: Question, completion: string): OracleSentence[];
}

type Judgement = Omit<OracleSentence, "start" | "end">;

export function oracleAnnotator(atlas: Atlas): OracleAnnotator {
  const holders = new Map<RelationName, Map<string, string[]>>();
  const topicsWith = (relation: RelationName, value: string): readonly string[] => {
    let index = holders.get(relation);
    if (!index) holders.set(relation, (index = indexTopics(atlas, relation)));
    return index.get(value) ?? NONE;
  };
  return {
    annotate(question, completion) {
      const topic = atlas.topic(question.topic);
      return splitSentences(completion).map(({ start, end }) => ({
        start,
        end,
        ...judge(topic, completion.slice(start, end), topicsWith),
      }));
    },
  };
}

const NONE: readonly string[] = [];
const NO_FACTS = new Set(NO_FACT);

function judge(
  topic: Topic,
  sentence: string,
  topicsWith: (relation: RelationName, value: string) => readonly string[],
): Judgement {
  if (NO_FACTS.has(sentence)) return { verdict: "no-fact" };
  const reading = readings(sentence)[0];
  if (!reading) return { verdict: "unverifiable" };
  const { relation, value: statedValue } = reading;
  const trueValues = truths(relation, topic);
  if (!trueValues) return { verdict: "unverifiable", relation, statedValue };
  if (trueValues.includes(statedValue)) return { verdict: "supported", relation, statedValue, trueValues };
  return {
    verdict: "contradictory",
    relation,
    statedValue,
    trueValues,
    wrongTopics: topicsWith(relation, statedValue),
  };
}

/** Values of a relation with the ids of the topics they are true of, in Atlas's order. */
export function indexTopics(atlas: Atlas, relation: RelationName): Map<string, string[]> {
  const index = new Map<string, string[]>();
  for (const topic of atlas.topics) {
    for (const value of new Set(truths(relation, topic) ?? [])) {
      const ids = index.get(value);
      if (ids) ids.push(topic.id);
      else index.set(value, [topic.id]);
    }
  }
  return index;
}

/**
 * Atlas's exact annotator, as rows carry its verdicts. An answer that does not keep to what its question says to state
 * is refused whole: all of it is unverifiable.
 */
export function atlasAnnotator(atlas: Atlas): Annotator {
  const oracle = oracleAnnotator(atlas);
  return {
    name: "Atlas oracle",
    annotate: (question, completion) => {
      const kept = keepsToAgenda(question, completion);
      return oracle
        .annotate(question, completion)
        .map(({ start, end, verdict }) => ({ start, end, verdict: kept ? verdict : "unverifiable" }));
    },
  };
}
