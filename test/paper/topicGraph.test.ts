/** Notebook 05 from known vectors: near is near by each policy's own, and every difference goes the right way. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { answersOf, type Answered } from "../../lib/lab/candidates";
import { evaluationQuestions } from "../../lib/lab/questions";
import { seedsOf, type Session } from "../../lib/lab/session";
import { topicVectors } from "../../lib/lab/topicEmbeddings";
import {
  baseAnswers,
  gainsAgainstDistance,
  nearFarSplits,
  splitTopics,
  testHallucinations,
} from "../../lib/paper/topicGraph";
import { directTestTable, gainDistanceTable } from "../../lib/paper/topicTables";
import type { Question } from "../../lib/factuality/records";
import { loadAtlas } from "../../lib/world/atlas";
import { assertNear, knownSession } from "./known";
import { keepAnswers, keepVectors } from "./knownAnswers";

interface Known {
  session: Session;
  /** topics of training and of test in their order on the base's line */
  training: string[];
  test: string[];
  /** answers to the first test topics, each with one wrong country */
  wrong: Answered;
}

/**
 * All topics on a line. By the base's vectors the first training topics are nearest to the test topics, and the first
 * test topics to the training topics; what answers state wrongly lies next to the topic. By the other's all is
 * reversed.
 */
async function known(t: TestContext): Promise<Known> {
  const atlas = loadAtlas();
  const session = knownSession(t, atlas);
  const { training, test } = splitTopics(session);
  const taken = new Set([...training, ...test].map((id) => atlas.topic(id).country.name));
  const cities = atlas.topics.filter(({ kind, country }) => kind === "city" && !taken.has(country.name));
  const countries = [...new Set(cities.map(({ country }) => country.name))];
  const questions = atlas.splits.test.filter(({ topic }) => atlas.topic(topic).kind === "city").slice(0, 6);
  const stated = new Map(questions.map(({ topic }, i) => [countries[i]!, topic]));

  const reversed = (ids: readonly string[]) => ids.slice().reverse();
  for (const policy of ["base", "other"] as const) {
    const [trained, tested] = policy === "base" ? [training, test] : [reversed(training), reversed(test)];
    const at = new Map<string, [number]>(atlas.topics.map(({ id }, i) => [id, [10_000 + i]]));
    trained.forEach((id, i) => at.set(id, [10 * (i + 1)]));
    tested.forEach((id, i) => at.set(id, [-i]));
    for (const { id, country } of cities) {
      const topic = stated.get(country.name);
      if (topic) at.set(id, policy === "base" ? [at.get(topic)![0] - 0.25] : [1_000_000]);
    }
    await keepVectors(session, policy, at);
  }
  await keepAnswers(
    session,
    () => topicVectors(session, "base"), // which asks for the answers that choose a layer
    evaluationQuestions(session, "validation", session.preset.evaluationQuestions),
    session.preset.samples,
    () => "I do not know.",
  );
  const country = ({ topic }: Question) => [...stated].find(([, of]) => of === topic)![0];
  const answers = questions.map((question) => {
    const completion = `Its country is ${country(question)}.`;
    const sentences = [{ start: 0, end: completion.length, verdict: "contradictory" as const }];
    return { questionId: question.id, index: 0, completion, seed: 1, sentences };
  });
  return { session, training, test, wrong: { questions, answers, runs: ["answers"] } };
}

test("from known vectors", async (t) => {
  const { session, training, test: centres, wrong } = await known(t);
  await t.test("near and far groups are near and far by the embedding they are named after", async () => {
    const { base, other } = await nearFarSplits(session);
    const [first, last] = [training.slice(0, 3), training.slice(3)];
    assert.deepEqual([base.near, base.far], [first, last]);
    assert.deepEqual(
      [other.near.slice().sort(), other.far.slice().sort()],
      [last.slice().sort(), first.slice().sort()],
    );
  });

  await t.test(
    "wrong statements are nearest by the base's own vectors, and others' ranks minus its own are above 0",
    async () => {
      const direct = await testHallucinations(session, wrong);
      assert.deepEqual([direct.wrong.attributed, direct.wrong.unattributed], [6, 0]);
      const { base, other } = direct.embeddings;
      assertNear(base.tests[0]!.rank.value, 0, "rank by the base's own");
      assert.ok(other.tests[0]!.rank.value > 0.95, "rank by the other's");
      assert.equal(base.minusBase, undefined);
      assertNear(other.minusBase!.value, other.tests[0]!.rank.value, "the other's minus the base's");
      assert.ok(
        base.tests[0]!.correlation.value < 0 && other.tests[0]!.correlation.value > base.tests[0]!.correlation.value,
      );
      const rows = directTestTable(direct).rows;
      assert.deepEqual(
        rows.map(({ embedding }) => embedding),
        ["base policy (own)", "other policy", "words of the facts", "geography", "random"],
      );
      assert.deepEqual(rows[0]!.difference, null);
      assert.ok(direct.runs.includes("answers") && direct.runs.some((run) => run.startsWith("vectors-")));
    },
  );

  await t.test("where near topics gain more, gain and distance go against each other by that embedding", async () => {
    const gains = await gainsAgainstDistance(session, new Map(centres.map((id, i) => [id, -i])));
    assertNear(gains.base.rho, -1, "by the base's own");
    assertNear(gains.other.rho, 1, "by the other's");
    assert.deepEqual(
      gainDistanceTable(gains)
        .rows.map(({ rho }) => Math.sign(rho as number))
        .slice(0, 2),
      [-1, 1],
    );
  });
});

test("the base's answers are those of every seed of the masks", async (t) => {
  const session = knownSession(t, loadAtlas());
  const { evaluationQuestions: count, samples } = session.preset;
  const questions = evaluationQuestions(session, "test", count);
  for (const seed of seedsOf(session, 3)) {
    const own = { ...session, seed };
    const ask = () => answersOf(own, session.baseDir, "test", "sampled");
    await keepAnswers(own, ask, questions, samples, () => `Seed ${seed}.`);
  }
  const { answers, runs } = await baseAnswers(session);
  const each = questions.length * samples;
  assert.deepEqual(
    answers.map(({ completion }) => completion),
    [1, 2, 3].flatMap((seed) => Array<string>(each).fill(`Seed ${seed}.`)),
  );
  assert.equal(runs.length, 3);
});
