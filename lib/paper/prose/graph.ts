/**
 * Eq. 8 on a real model's hallucinations: when it puts a city into a wrong country, do cities of that country lie near
 * in its own hidden states? As notebook 05 tests it of Atlas's policies, here of one relation and in free text.
 */
import { Rng } from "../../base/rng";
import { runsOf, type Traced } from "../../show/provenance";
import type { AnnotatedCandidate, Question } from "../../factuality/records";
import { topicEmbeddings } from "../../model/embed";
import { withPolicy } from "../../model/policy";
import { proseAnswers } from "../../lab/prose/evaluate";
import type { ProseStudy } from "../../lab/prose/study";
import { seedsOf } from "../../lab/session";
import type { Table } from "../../show/table";
import { geographyVectors, randomVectors, wordVectors, type TopicVectors } from "../../topic/embedding";
import { hallucinationGraph, meanRank, testGraph, type GraphTest } from "../../topic/hallucinationGraph";
import type { WrongStatements } from "../../topic/wrongStatements";
import type { Atlas } from "../../world/atlas";
import type { Topic } from "../../world/relation";

export interface ProseGraph extends Traced {
  /** layer of the model's vectors, chosen on validation topics */
  layer: number;
  /** by whose vectors; undefined where no wrong country was stated */
  tests: { embedding: string; test: GraphTest | undefined }[];
}

/** The base's sampled answers to test topics, of all seeds; layers are compared on those to validation topics. */
export async function testProseGraph(study: ProseStudy): Promise<ProseGraph> {
  const { session, base, baseHash, size, questions } = study;
  const policy = { dir: base, hash: baseHash };
  const validation = await proseAnswers(study, policy, questions.validation, "sampled", size.samples);
  const sets = [];
  for (const seed of seedsOf(session, size.seeds))
    sets.push(
      await proseAnswers({ ...study, session: { ...session, seed } }, policy, questions.test, "sampled", size.samples),
    );
  const asked = new Set([...questions.validation, ...questions.test].map(({ topic }) => topic));
  const topics = session.atlas.topics.filter(
    ({ id, kind }, i) => kind === "city" && (i < size.graphTopics || asked.has(id)),
  );
  const atlas = { ...session.atlas, topics };
  const answers = sets.flatMap((set) => set.answers);
  const wrong = wrongCountries(study, atlas, questions.test, answers);
  const tuning = wrongCountries(study, atlas, questions.validation, validation.answers);
  const layers = await vectorsOf(base, topics);
  const rng = new Rng(session.seed).fork("prose graph");
  const ranks = layers.map((vectors) => meanRank(hallucinationGraph(atlas, vectors, tuning), rng.fork("layer")).value);
  const layer = ranks.reduce((best, rank, i) => (rank < ranks[best]! ? i : best), 0);
  const embeddings: [string, TopicVectors][] = [
    [`the model's own, layer ${layer}`, layers[layer]!],
    ["words of true facts", wordVectors(topics)],
    ["geography", geographyVectors(topics)],
    ["random", randomVectors(topics, rng.fork("random"))],
  ];
  return {
    layer,
    tests: embeddings.map(([embedding, vectors]) => ({
      embedding,
      test: testGraph(hallucinationGraph(atlas, vectors, wrong), rng.fork(embedding))[0],
    })),
    runs: runsOf(validation, ...sets),
  };
}

/** Countries that answers put their topic into, though it lies in another, where a city of Atlas lies in them. */
function wrongCountries(
  { read }: ProseStudy,
  atlas: Atlas,
  questions: readonly Question[],
  answers: readonly AnnotatedCandidate[],
): WrongStatements {
  const byId = new Map(questions.map((question) => [question.id, question]));
  const known = new Set(atlas.topics.map(({ country }) => country.name));
  const counts = new Map<string, Map<string, number>>();
  const found = { attributed: 0, unattributed: 0 };
  for (const { questionId, completion } of answers) {
    const question = byId.get(questionId)!;
    const own = counts.get(question.topic) ?? new Map<string, number>();
    for (const country of read(question, completion).flatMap(({ wrongCountries: stated }) => stated)) {
      if (!known.has(country)) {
        found.unattributed++;
        continue;
      }
      found.attributed++;
      own.set(country, (own.get(country) ?? 0) + 1);
    }
    if (own.size > 0) counts.set(question.topic, own);
  }
  return { counts: new Map(counts.size > 0 ? [["country", counts]] : []), ...found };
}

/** Of every layer, from the embeddings on. */
async function vectorsOf(dir: string, topics: readonly Topic[]): Promise<TopicVectors[]> {
  return withPolicy(dir, async (policy) => {
    const mentions = topics.map(({ id, name }) => ({
      topic: id,
      name,
      prompt: [{ role: "user" as const, content: `In which country is the city of ${name}` }],
    }));
    return topicEmbeddings(policy, mentions);
  });
}

/** Mean relative rank of wrong countries by each kind of vectors: 0 the nearest, 1 the farthest. */
export function proseGraphTable({ tests, runs }: ProseGraph): Table {
  return {
    runs,
    name: "10-graph",
    caption:
      "Wrong countries stated by the base (test, sampled): mean relative rank by the distance of their nearest city",
    columns: [
      { key: "embedding", label: "Vectors" },
      { key: "statements", label: "Wrong countries" },
      { key: "topics", label: "Topics" },
      { key: "rank", label: "Rank [95 %]", digits: 3 },
      { key: "expected", label: "Rank expected from frequency", digits: 3 },
      { key: "p", label: "p", digits: 4 },
    ],
    rows: tests.flatMap(({ embedding, test }) =>
      test
        ? [
            {
              embedding,
              statements: test.statements,
              topics: test.topics,
              rank: { value: test.rank.value, low: test.rank.low, high: test.rank.high },
              expected: test.rank.expected,
              p: test.rank.p,
            },
          ]
        : [],
    ),
  };
}
