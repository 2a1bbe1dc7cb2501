/** Policies whose answers and vectors are known, in a session of Atlas: what is kept on disk is not computed again. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import path from "node:path";
import { writeJsonl } from "../../lib/base/jsonl";
import type { Candidate, Question } from "../../lib/factuality/records";
import type { Session } from "../../lib/lab/session";
import { topicVectors } from "../../lib/lab/topicEmbeddings";
import { writeSafetensors } from "../../lib/model/safetensors/safetensors";
import type { TopicVectors } from "../../lib/topic/embedding";

/** The run folder of what is asked for: it is claimed, and then there is no model to compute anything. */
async function folderOf({ runs }: Session, ask: () => Promise<unknown>): Promise<string> {
  const before = new Set(readdirSync(runs));
  await assert.rejects(ask, "it was computed without a model");
  const [made, ...more] = readdirSync(runs).filter((name) => !before.has(name));
  assert.ok(made && more.length === 0, `expected one new run folder, got ${[made, ...more].join(", ")}`);
  return path.join(runs, made);
}

/** Keeps what a policy answers. @param ask for its answers @param k answers to each question */
export async function keepAnswers(
  session: Session,
  ask: () => Promise<unknown>,
  questions: readonly Question[],
  k: number,
  completion: (question: Question, index: number) => string,
): Promise<void> {
  const candidates = questions.flatMap((question) =>
    Array.from({ length: k }, (_, index): Candidate => ({
      questionId: question.id,
      index,
      completion: completion(question, index),
      seed: session.seed,
    })),
  );
  writeJsonl(path.join(await folderOf(session, ask), "candidates.jsonl"), candidates);
}

/** Keeps a policy's own vectors, one number for each topic of Atlas, at its only layer. */
export async function keepVectors(session: Session, policy: "base" | "other", place: TopicVectors): Promise<void> {
  const ids = session.atlas.topics.map(({ id }) => id);
  const data = Float32Array.from(ids, (id) => place.get(id)![0]!);
  const file = path.join(await folderOf(session, () => topicVectors(session, policy)), "vectors.safetensors");
  writeSafetensors(file, new Map([["0", { shape: [ids.length, 1], data }]]));
}
