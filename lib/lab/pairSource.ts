/**
 * How preference pairs come about (§2.2) and which of them an experiment trains on (Tables 3-5). The pairs of all
 * training questions of a preset are made once for each way; an experiment takes those of its topics and questions.
 */
import { existsSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { hashOf } from "../base/hash";
import { readJsonl, writeJsonl } from "../base/jsonl";
import { Rng } from "../base/rng";
import { isOwn, OwnPieces, ownNameSchema, type OwnName } from "../base/own";
import { annotateCandidates, type Annotator } from "../factuality/annotator";
import { noisyAnnotator } from "../factuality/noise";
import type { Question } from "../factuality/records";
import { paperSampling } from "../model/generate";
import { buildPairs, preferencePairSchema, type PreferencePair } from "../preference/pair";
import { splitByDistance } from "../topic/cluster";
import { embeddingNames } from "../topic/embedding";
import { keepsToAgenda } from "../world/agenda";
import { withDocument } from "../world/document";
import { factAnnotator } from "../world/factCheck";
import { atlasAnnotator } from "../world/oracle";
import { candidatesOf, type Sampled } from "./candidates";
import { trainingTopics } from "./questions";
import { folderName, runFolder } from "../base/runFolder";
import { policyDir, policyNames, shippedHash, type PolicyName, type Session } from "./session";
import { topicVectors } from "./topicEmbeddings";
import { codeVersions } from "../base/codeVersions";

const whole = () => z.number().int().positive();
export const pairSourceSchema = z
  .object({
    /** Who samples the candidates; in the paper's setting the policy itself. */
    author: z.enum(policyNames),
    /** Chosen sides are sampled with a document in the prompt (Table 3, "Llama+Doc"). */
    document: z.boolean(),
    /** Who judges them: the sentence oracle, the fact checker (FactTune in Table 1), or one of one's own. */
    annotator: z.union([z.enum(["sentences", "facts"]), ownNameSchema]),
    /** Share of sentences that it takes for the opposite (none where it is absent). */
    error: z.number().gt(0).max(0.5).optional(),
    /** K. */
    k: whole(),
    /** How many topics of the seeded order, and how many questions of each (Table 4). */
    topics: whole(),
    questionsPerTopic: whole(),
    /** Only this share of the topics, by their distance to the test topics (Table 5). */
    group: z
      .object({
        embedding: z.enum(embeddingNames),
        /** Whose embedding is served. */
        model: z.string().optional(),
        distance: z.enum(["near", "far"]),
        share: z.number().gt(0).max(1),
      })
      .strict()
      .optional(),
  })
  .strict();
export type PairSource = z.output<typeof pairSourceSchema>;

const ownAnnotators = new OwnPieces<Annotator>("an annotator", "defineAnnotator");

/** An annotator of one's own, for this process. @returns what stands where the name of an annotator stands */
export function defineAnnotator(annotator: Annotator): OwnName {
  return ownAnnotators.add(annotator.name, annotator, annotator.annotate.toString());
}

function annotatorOf({ atlas, seed }: Session, { annotator, error }: PairSource): Annotator {
  const exact = isOwn(annotator)
    ? ownAnnotators.get(annotator)
    : annotator === "facts"
      ? factAnnotator(atlas)
      : atlasAnnotator(atlas);
  return error === undefined ? exact : noisyAnnotator(exact, error, new Rng(seed).fork("annotator"));
}

/** The pairs of a source; those of all training questions are kept in a run folder. */
export async function pairsOf(session: Session, source: PairSource): Promise<PreferencePair[]> {
  const kept = new Set((await questionsOf(session, source)).map(({ id }) => id));
  return (await allPairs(session, source)).filter(({ questionId }) => kept.has(questionId));
}

/** Name of that run folder. */
export function pairsRun(session: Session, source: PairSource): string {
  return folderName("pairs", keyOf(session, source));
}

/** What must be there before experiments run side by side: sampling uses every core by itself. */
export async function preparePairs(session: Session, source: PairSource): Promise<void> {
  await allPairs(session, source);
}

async function questionsOf(session: Session, { topics, questionsPerTopic, group }: PairSource): Promise<Question[]> {
  const chosen = trainingTopics(session).slice(0, topics);
  const kept =
    group &&
    (await topicGroup(
      session,
      chosen.map(([first]) => first!.topic),
      group,
    ));
  return chosen
    .filter(([first]) => !kept || kept.has(first!.topic))
    .flatMap((questions) => questions.slice(0, questionsPerTopic));
}

/** §4.3: test topics are the centres; the nearest or farthest share of the training topics. */
async function topicGroup(
  session: Session,
  topics: readonly string[],
  { embedding, distance, share }: NonNullable<PairSource["group"]>,
): Promise<Set<string>> {
  const centres = [...new Set(session.atlas.splits.test.map(({ topic }) => topic))];
  return new Set(splitByDistance(await topicVectors(session, embedding), centres, topics, share)[distance]);
}

function keyOf(session: Session, { author, document, annotator, error, k }: PairSource): object {
  const { preset, seed, engine } = session;
  const questions = hashOf(trainingTopics(session).flat());
  return {
    author: shippedHash(session, author),
    document,
    annotator,
    ...(error !== undefined && { error }),
    k,
    candidates: preset.candidates,
    questions,
    seed,
    engine: engine.arithmetic,
    code: codeVersions("sampling", "annotation", "pairs"),
  };
}

async function allPairs(session: Session, source: PairSource): Promise<PreferencePair[]> {
  const { author, document, k } = source;
  const { atlas, seed } = session;
  const questions = trainingTopics(session).flat();
  const file = path.join(runFolder(session.runs, "pairs", keyOf(session, source)), "pairs.jsonl");
  if (existsSync(file)) return readJsonl(file, preferencePairSchema);
  const judge = annotatorOf(session, source);
  const byId = new Map(questions.map((question) => [question.id, question]));
  const annotate = async ({ candidates }: Sampled) =>
    annotateCandidates(
      // where a question says what to state, both sides do: they differ in what is right, not in what is said
      candidates.filter(
        ({ index, questionId, completion }) => index < k && keepsToAgenda(byId.get(questionId)!, completion),
      ),
      questions,
      judge,
    );
  const plain = await annotate(await trainingCandidates(session, author, questions));
  const chosenFrom = document
    ? await annotate(
        await trainingCandidates(
          session,
          author,
          questions.map((question) => withDocument(atlas, question, new Rng(seed).fork("document").fork(question.id))),
        ),
      )
    : plain;
  const { pairs } = buildPairs(chosenFrom, questions, { seed, ...(document && { rejectedFrom: plain }) });
  writeJsonl(file, pairs);
  return pairs;
}

/** The preset's K candidates of every training question: smaller K take the first of them. */
export async function trainingCandidates(
  session: Session,
  author: PolicyName,
  questions: readonly Question[],
): Promise<Sampled> {
  const { candidates, maxNewTokens } = session.preset;
  return candidatesOf(
    session,
    policyDir(session, author),
    questions,
    candidates,
    { ...paperSampling, maxNewTokens },
    `sample candidates (${author})`,
  );
}
