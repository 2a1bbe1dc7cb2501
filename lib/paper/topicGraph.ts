/** What notebook 05 measures: near and far groups, the direct test of Eq. 8, gains against distance, the map. */
import { runsOf, type Traced } from "../show/provenance";
import { Rng } from "../base/rng";
import { pairedDifference, type Difference } from "../evaluation/compare";
import type { Question } from "../factuality/records";
import { splitByDistance, type NearFarSplit } from "../topic/cluster";
import type { ByEmbedding, EmbeddingName, TopicVectors } from "../topic/embedding";
import { gainAgainstDistance, type GainAgainstDistance } from "../topic/gainDistance";
import { hallucinationGraph, rankColumns, testGraph, type GraphTest } from "../topic/hallucinationGraph";
import { umapLayout } from "../topic/umap";
import { wrongStatements, type WrongStatements } from "../topic/wrongStatements";
import type { Answered } from "../lab/candidates";
import { trainingTopics } from "../lab/questions";
import { seedsOf, type Session } from "../lab/session";
import type { Study } from "../lab/study";
import { embeddingRuns, embeddingsOf, topicVectors } from "../lab/topicEmbeddings";
import { sampledAnswers } from "./relations";
import { maskArms } from "./table2";

/** What notebook 05 runs beside Table 5: Mask-DPO, for its gain by topic. */
export const study: Study = { notebook: "05", arms: (session) => [maskArms(session).paper] };

/** §4.3 splits the training set in two, so each group is a half. */
const groupShare = 0.5;
/** Nearest training topics a test topic's distance is the mean of. */
export const nearestTraining = 20;

/** Ids of the preset's training topics and of all test topics, the centres. */
export function splitTopics(session: Session): { training: string[]; test: string[] } {
  const ids = (questions: readonly Question[]) => [...new Set(questions.map(({ topic }) => topic))];
  return { training: ids(trainingTopics(session).flat()), test: ids(session.atlas.splits.test) };
}

/** Near and far training topics by every embedding. */
export async function nearFarSplits(session: Session): Promise<ByEmbedding<NearFarSplit>> {
  const { training, test } = splitTopics(session);
  return byEmbedding(session, (vectors) => splitByDistance(vectors, test, training, groupShare));
}

/** The direct test of Eq. 8 by one embedding, and its mean rank minus that by the policy's own (paired over topics). */
export interface EmbeddingTest {
  tests: GraphTest[];
  minusBase?: Difference;
}

export interface DirectTest extends Traced {
  wrong: WrongStatements;
  embeddings: ByEmbedding<EmbeddingTest>;
}

/** The base policy's sampled answers to test questions, of all seeds. */
export async function baseAnswers(session: Session): Promise<Answered> {
  const seeds = seedsOf(session, session.preset.maskSeeds);
  return sampledAnswers(
    session,
    seeds.map((seed) => ({ dir: session.baseDir, seed })),
  );
}

/** Eq. 8 tested on a policy's wrong statements. Where there is none, the lists of tests are empty. */
export async function testHallucinations(
  session: Session,
  { questions, answers, runs }: Answered,
): Promise<DirectTest> {
  const { atlas, seed } = session;
  const wrong = wrongStatements(atlas, questions, answers);
  const rng = new Rng(seed).fork("hallucination graph");
  const own = rankColumns(hallucinationGraph(atlas, await topicVectors(session, "base"), wrong));
  const embeddings = await byEmbedding(session, (vectors, name): EmbeddingTest => {
    const graph = hallucinationGraph(atlas, vectors, wrong);
    const compared = name !== "base" && own[0].length > 0;
    return {
      tests: testGraph(graph, rng.fork(name)),
      ...(compared ? { minusBase: pairedDifference(rankColumns(graph), own, rng.fork(`${name} - base`)) } : {}),
    };
  });
  return { wrong, embeddings, runs: runsOf({ runs }, { runs: await embeddingRuns(session) }) };
}

/** Gain of test topics against their distance to the training topics, by every embedding. */
export function gainsAgainstDistance(
  session: Session,
  gain: ReadonlyMap<string, number>,
): Promise<ByEmbedding<GainAgainstDistance>> {
  const { training } = splitTopics(session);
  const rng = new Rng(session.seed).fork("gain against distance");
  return byEmbedding(session, (vectors, name) =>
    gainAgainstDistance(vectors, gain, training, nearestTraining, rng.fork(name)),
  );
}

/** All topics of Atlas in the plane, in its order, by the policy's own vectors. */
export async function layoutTopics(session: Session): Promise<[number, number][]> {
  const vectors = await topicVectors(session, "base");
  return umapLayout([...vectors.values()], { nNeighbors: 15, minDist: 0.1, rng: new Rng(session.seed).fork("umap") });
}

async function byEmbedding<T>(
  session: Session,
  compute: (vectors: TopicVectors, name: EmbeddingName) => T,
): Promise<ByEmbedding<T>> {
  const out = {} as ByEmbedding<T>;
  for (const name of embeddingsOf(session)) out[name] = compute(await topicVectors(session, name), name);
  return out;
}
