/**
 * Embeddings phi of topics (§4.2-4.3): functions from topics to vectors, so that the policy's own vectors
 * (`model/embed.ts`) can be set against others. For "embeddings from other models" stands an independent policy, for
 * the "specialized word embedding models" (OpenAI's in Table 5) the words of a topic's true facts and, where a server
 * is named, what it makes of the topic's name; geography and random vectors are controls. All are compared by Euclidean
 * distance (`distance.ts`).
 */
import type { Rng } from "../base/rng";
import type { Mention } from "../model/embed";
import { unitVector } from "../world/geography";
import { CITY_KINDS, KINDS, question } from "../world/question";
import { RELATION_NAMES, RELATIONS, truths, type Topic } from "../world/relation";

/** base: the policy to align; other: another policy; served: a model behind a server; the rest knows no policy. */
export const embeddingNames = ["base", "other", "words", "served", "geography", "random"] as const;
export type EmbeddingName = (typeof embeddingNames)[number];

/** Something of every embedding; of `served` only where a server is named. */
export type ByEmbedding<T> = Record<Exclude<EmbeddingName, "served">, T> & Partial<Record<"served", T>>;

/** Each embedding that there is, with what there is of it. */
export function entriesOf<T>(by: ByEmbedding<T>): [EmbeddingName, T][] {
  return embeddingNames.flatMap((name) => {
    const value = by[name];
    return value === undefined ? [] : [[name, value] as [EmbeddingName, T]];
  });
}

/** A vector per topic id, all of one length. */
export type TopicVectors = ReadonlyMap<string, ArrayLike<number>>;

/**
 * Every training wording about every topic, for `topicEmbeddings`; countries are asked about as cities are, so that all
 * topics are read alike.
 */
export function trainingMentions(topics: readonly Topic[]): Mention[] {
  return topics.flatMap((topic) =>
    CITY_KINDS.flatMap((kind) =>
      KINDS[kind].prompts.train!.map((_, wording): Mention => ({
        topic: topic.id,
        name: topic.name,
        prompt: question(topic, kind, "train", wording).prompt,
      })),
    ),
  );
}

/** Everything that is true of a topic, one sentence a fact. */
export function factText(topic: Topic): string {
  return RELATION_NAMES.flatMap((name) =>
    (truths(name, topic) ?? []).map((value) => RELATIONS[name].wordings[0]!.replace("{v}", () => value)),
  ).join(" ");
}

/** TF-IDF of the words of each topic's true facts. */
export function wordVectors(topics: readonly Topic[]): TopicVectors {
  const vectors = tfidf(topics.map(factText));
  return new Map(topics.map(({ id }, i) => [id, vectors[i]!]));
}

/**
 * TF-IDF as scikit-learn's TfidfVectorizer with its defaults: words of two or more letters, digits or underscores in
 * lower case, idf = ln((1 + n) / (1 + texts with the word)) + 1, rows of length 1 (0 without words), columns in the
 * order of the words.
 */
export function tfidf(texts: readonly string[]): Float32Array[] {
  const counts = texts.map((text) => {
    const words = new Map<string, number>();
    for (const word of text.toLowerCase().match(/[\p{L}\p{N}_]{2,}/gu) ?? [])
      words.set(word, (words.get(word) ?? 0) + 1);
    return words;
  });
  const found = new Map<string, number>(); // word -> texts with it
  for (const words of counts) for (const word of words.keys()) found.set(word, (found.get(word) ?? 0) + 1);
  const columns = new Map([...found.keys()].sort((a, b) => (a < b ? -1 : 1)).map((word, column) => [word, column]));
  return counts.map((words) => {
    const weights = [...words].map(([word, count]) => ({
      column: columns.get(word)!,
      weight: count * (Math.log((1 + texts.length) / (1 + found.get(word)!)) + 1),
    }));
    const length = Math.hypot(...weights.map(({ weight }) => weight));
    const row = new Float32Array(columns.size);
    for (const { column, weight } of weights) row[column] = weight / length;
    return row;
  });
}

/** Points on the unit sphere: Euclidean distance orders them as the great circle does. */
export function geographyVectors(topics: readonly Topic[]): TopicVectors {
  return new Map(topics.map(({ id, city, country }) => [id, unitVector(city ?? country)]));
}

const randomDimensions = 128;

/** Standard normal numbers, a stream of `rng` for each topic. */
export function randomVectors(topics: readonly Topic[], rng: Rng): TopicVectors {
  return new Map(
    topics.map(({ id }) => {
      const own = rng.fork(id);
      return [id, Float32Array.from({ length: randomDimensions }, () => own.normal())];
    }),
  );
}
