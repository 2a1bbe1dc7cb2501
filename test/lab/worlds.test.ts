/** The same experiments in several worlds: what is kept of one is never taken for another's, and what pairs are. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { before, test } from "node:test";
import { codeVersions } from "../../lib/base/codeVersions";
import { setProgressRenderer } from "../../lib/base/progress";
import { folderName } from "../../lib/base/runFolder";
import type { Question } from "../../lib/factuality/records";
import { evaluationRun } from "../../lib/lab/evaluate";
import { experimentName } from "../../lib/lab/experiment";
import { pairsOf, pairsRun, trainingCandidates } from "../../lib/lab/pairSource";
import { trainingTopics } from "../../lib/lab/questions";
import { shippedHash, type Session } from "../../lib/lab/session";
import { ownCandidates } from "../../lib/lab/stages/candidatePairs";
import { stageName } from "../../lib/lab/stages/stage";
import { experimentOf } from "../../lib/lab/study";
import { dpoStage } from "../../lib/paper/methods/staged";
import { agendaOf, keepsToAgenda } from "../../lib/world/agenda";
import { Rng } from "../../lib/base/rng";
import { loadAtlas } from "../../lib/world/atlas";
import { truths } from "../../lib/world/relation";
import { renderFact } from "../../lib/world/render";
import { baseFolder, type WorldName } from "../../lib/world/worlds";
import { scratch, userError } from "../golden/fixtures";
import { knownSession } from "../paper/known";
import { keepAnswers } from "../paper/knownAnswers";

before(() => setProgressRenderer(() => ({ update: () => undefined, stop: () => undefined })));
const asked = (session: Session, world: WorldName): Session => ({
  ...session,
  world,
  atlas: loadAtlas(world === "fixed" ? "fixed" : "free"),
});

test("keys: of Atlas as they always were, free on another base by its hash, fixed by what is asked", (t) => {
  const atlas = asked(knownSession(t), "atlas");
  const experiment = experimentOf(atlas, 1, {});
  const chain = { stages: [dpoStage(atlas)], seed: 1 };
  const { policy, ...rest } = experiment;
  const { topics, questionsPerTopic, candidates } = atlas.preset;
  const common = {
    reference: shippedHash(atlas, "base"),
    pool: { topics, questionsPerTopic, candidates },
    engine: "none",
    code: codeVersions("sampling", "annotation", "pairs", "training"),
  };
  assert.equal(experimentName(atlas, experiment), folderName("experiment", { policy, ...rest, ...common }));
  assert.equal(stageName(atlas, chain), folderName("stage", { ...chain, ...common }));
  const names = (session: Session): string[] => [
    experimentName(session, experiment),
    stageName(session, chain),
    pairsRun(session, experiment.pairs),
    evaluationRun(session, "a policy", "test greedy"),
  ];
  const [own, free, fixed] = (["atlas", "free", "fixed"] as const).map((world) => names(asked(atlas, world)));
  assert.deepEqual(free, own, "free questions to the same base are the same experiments");
  own!.forEach((name, i) => assert.notEqual(fixed![i], name));
});

test("a world without its base says how to pretrain it", (t) => {
  const folder = scratch(t);
  assert.throws(() => baseFolder("both", folder), userError(/world pretrain --base both/));
  mkdirSync(path.join(folder, "both"));
  writeFileSync(path.join(folder, "both", "config.json"), "{}");
  assert.equal(baseFolder("both", folder), path.join(folder, "both"));
});

test("pairs where the agenda is fixed: both sides state what is asked, and differ in what is right", async (t) => {
  const session = { ...asked(knownSession(t), "fixed"), seed: 3 };
  const questions = trainingTopics(session).flat();
  const { candidates: k } = session.preset;
  const answer = (question: Question, index: number): string => {
    const rng = new Rng(index).fork(question.id);
    const topic = session.atlas.topic(question.topic);
    const sentences = agendaOf(question)!.map((name, i) =>
      renderFact(name, i < index % 3 ? "Xyz" : truths(name, topic)![0]!, rng),
    );
    return sentences.slice(0, index === 0 ? 3 : 8).join(" "); // the first is right, and leaves most out
  };
  await keepAnswers(session, () => trainingCandidates(session, "base", questions), questions, k, answer);
  const pairs = await pairsOf(session, experimentOf(session, 3, {}).pairs);
  assert.ok(pairs.length > questions.length / 2, `${pairs.length} of ${questions.length}`);
  const byId = new Map(questions.map((question) => [question.id, question]));
  for (const { questionId, chosen, rejected, scores } of pairs) {
    for (const side of [chosen, rejected]) {
      assert.ok(keepsToAgenda(byId.get(questionId)!, side.completion), side.completion);
      assert.equal(side.sentences.length, 8);
    }
    assert.ok(scores.chosen === 1 && scores.rejected < 1);
  }
  const context = { session, policyDir: session.baseDir, firstDir: session.baseDir };
  const own = await ownCandidates(context);
  assert.ok(own.candidates.every(({ questionId, completion }) => keepsToAgenda(byId.get(questionId)!, completion)));
  assert.ok(own.candidates.length > 0);
});
