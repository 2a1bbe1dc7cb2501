/**
 * Retrieved documents as context: true facts of some topic stand where an answer begins (as in `world/document.ts`, for
 * the same reason), and the policy goes on. The topic's own document is the oracle's; retrieval finds those of training
 * topics that are near by the policy's own vectors, and others. What it goes on with is judged, not the document.
 */
import { z } from "zod";
import { codeVersions } from "../../base/codeVersions";
import { hashOf } from "../../base/hash";
import { Rng } from "../../base/rng";
import { annotateCandidates } from "../../factuality/annotator";
import { annotatedCandidateSchema, type AnnotatedCandidate, type Question } from "../../factuality/records";
import { factualityScore } from "../../factuality/score";
import { greedySampling } from "../../model/generate";
import { withPolicy, policyHash } from "../../model/policy";
import { continuations } from "../../preference/continuation";
import { distances } from "../../topic/distance";
import type { TopicVectors } from "../../topic/embedding";
import { splitSentences } from "../../text/sentence";
import type { Atlas } from "../../world/atlas";
import { documentText } from "../../world/document";
import { atlasAnnotator } from "../../world/oracle";
import { kindOf } from "../../world/question";
import { readings } from "../../world/relation";
import { kept, type Kept } from "../kept";
import { evaluationQuestions, trainingTopics } from "../questions";
import { policyDir, type Session } from "../session";
import { topicVectors } from "../topicEmbeddings";
import { chosenDocument, trainRanker, type Ranker, type RankerRow } from "./ranker";

/** Documents that retrieval finds for a question: so many of the nearest topics at most, and as many of any. */
const mostNear = 6;

/** What may stand before an answer. */
export interface Retrieved {
  /** whose facts they are; "" for no document */
  topic: string;
  document: string;
  /** by the policy's own vectors; 0 without a document */
  distance: number;
}

/** Answers to a question: without a document, behind the topic's own, and behind each that retrieval finds. */
export interface Behind {
  question: Question;
  none: AnnotatedCandidate;
  oracle: AnnotatedCandidate;
  documents: { retrieved: Retrieved; answer: AnnotatedCandidate }[];
}

/** Documents of the nearest topics, then of others in random order. @param vectors of all topics */
export function documentsFor(
  atlas: Atlas,
  questions: readonly Question[],
  training: readonly string[],
  vectors: TopicVectors,
  rng: Rng,
): Retrieved[][] {
  const topics = questions.map(({ topic }) => topic);
  const away = distances(vectors, topics, training);
  const count = Math.min(mostNear, Math.floor(training.length / 2));
  return questions.map((question, q) => {
    const order = training.map((_, i) => i).sort((a, b) => away[q]![a]! - away[q]![b]!);
    const others = rng.fork(question.id).shuffle(order.slice(count)).slice(0, count);
    return [...order.slice(0, count), ...others].map((i) => {
      const topic = training[i]!;
      const document = documentText(atlas.topic(topic), kindOf(question), rng.fork(question.id).fork(topic));
      return { topic, document, distance: away[q]![i]! };
    });
  });
}

/** Greedy answers of the base to the preset's validation or test questions behind all documents. */
export async function answersBehind(session: Session, split: "validation" | "test"): Promise<Kept<Behind[]>> {
  const { atlas, seed, engine, preset } = session;
  const dir = policyDir(session, "base");
  const questions = evaluationQuestions(session, split, preset.evaluationQuestions);
  const training = trainingTopics(session).map(([first]) => first!.topic);
  const rng = new Rng(seed).fork("retrieval");
  const documents = documentsFor(atlas, questions, training, await topicVectors(session, "base"), rng);
  const own = questions.map((question) =>
    documentText(atlas.topic(question.topic), kindOf(question), rng.fork(question.id).fork("own")),
  );
  const key = {
    policy: policyHash(dir),
    questions: hashOf(questions),
    documents: hashOf([documents, own]),
    maxNewTokens: preset.maxNewTokens,
    engine: engine.arithmetic,
    code: codeVersions("sampling", "annotation", "embedding"),
  };
  const { value, run } = await kept(session, "retrieval", key, z.array(annotatedCandidateSchema), async () => {
    const begun = questions.flatMap((question, q) =>
      ["", own[q]!, ...documents[q]!.map(({ document }) => document)].map((text, index) => ({ question, text, index })),
    );
    return withPolicy(dir, async (policy) => {
      const sampling = { ...greedySampling, maxNewTokens: preset.maxNewTokens };
      const starts = begun.map(({ question: { id, prompt }, text, index }) => ({
        name: `${id} ${index}`,
        prompt,
        begun: text,
      }));
      const texts = await continuations(policy, starts, 1, sampling, seed);
      const rows = begun.map(({ question, index }, i) => ({
        questionId: question.id,
        index,
        completion: texts[i]![0]!.trimStart(),
        seed,
      }));
      return annotateCandidates(rows, questions, atlasAnnotator(atlas));
    });
  });
  const each = 2 + documents[0]!.length;
  const behind = questions.map((question, q): Behind => {
    const [none, oracle, ...answers] = value.slice(q * each, (q + 1) * each);
    const found = answers.map((answer, i) => ({ retrieved: documents[q]![i]!, answer }));
    return { question, none: none!, oracle: oracle!, documents: found };
  });
  return { value: behind, run };
}

/**
 * What the ranker sees of a document: how near its topic is, its place by that, how many of its facts the policy states
 * by itself, and how many it contradicts.
 */
export function featuresOf({ none, documents }: Behind): number[][] {
  const said = new Map(statements(none.completion));
  return documents.map(({ retrieved: { document, distance } }, place) => {
    const facts = statements(document);
    const same = facts.filter(([relation, value]) => said.get(relation) === value).length;
    const other = facts.filter(([relation, value]) => said.has(relation) && said.get(relation) !== value).length;
    return [-distance, -place, same, -other];
  });
}

function statements(text: string): [relation: string, value: string][] {
  return splitSentences(text).flatMap(({ start, end }) => {
    const [reading] = readings(text.slice(start, end));
    return reading ? [[reading.relation, reading.value]] : [];
  });
}

/** +1 where the answer behind a document is better than without, -1 where it is worse. */
export function rewardsOf({ none, documents }: Behind): number[] {
  const score = ({ sentences }: AnnotatedCandidate): number => factualityScore(sentences) ?? 0;
  return documents.map(({ answer }) => Math.sign(score(answer) - score(none)));
}

/** A ranker for documents as those before these answers. */
export function rankerOf(answers: readonly Behind[]): Ranker {
  return trainRanker(answers.map((row): RankerRow => ({ features: featuresOf(row), rewards: rewardsOf(row) })));
}

export const retrievals = ["none", "random", "near", "ranked", "oracle"] as const;
export type Retrieval = (typeof retrievals)[number];

/** The answer to a question by a way to retrieve. */
export function answerBy(how: Retrieval, behind: Behind, ranker: Ranker): AnnotatedCandidate {
  const { none, oracle, documents } = behind;
  switch (how) {
    case "none":
      return none;
    case "oracle":
      return oracle;
    case "near":
      return documents[0]!.answer;
    case "random":
      return documents[documents.length / 2]!.answer; // the first of those in random order
    case "ranked": {
      const chosen = chosenDocument(ranker, featuresOf(behind));
      return chosen === undefined ? none : documents[chosen]!.answer;
    }
  }
}
