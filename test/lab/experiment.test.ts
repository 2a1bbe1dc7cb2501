/**
 * Experiments end to end on Atlas's base, as small as they go: cached by content, resumed, the same side by side and
 * one after the other.
 */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { setProgressRenderer } from "../../lib/base/progress";
import { experimentName, knownResult, trainedPolicy } from "../../lib/lab/experiment";
import { pairsOf } from "../../lib/lab/pairSource";
import { preset, presetNames } from "../../lib/lab/preset";
import { armOf, onTheWay, policyArm, runArms } from "../../lib/lab/runArms";
import { runExperiments } from "../../lib/lab/runExperiments";
import { openSession, type Session } from "../../lib/lab/session";
import { experimentOf, requestsOf, type Setting } from "../../lib/lab/study";
import { armsOfNotebook } from "../../lib/paper/studies";
import { maskArms } from "../../lib/paper/table2";
import { samplingArms } from "../../lib/paper/table3";
import { scalingArms } from "../../lib/paper/table4";
import { groupArms } from "../../lib/paper/table5";
import { scratch } from "../golden/fixtures";

/** What a test leaves there, the next finds: candidates and pairs, and the experiments they have in common. */
const runs = mkdtempSync(path.join(os.tmpdir(), "mask-dpo-test-"));
let base: Session;
before(async () => {
  setProgressRenderer(() => ({ update: () => undefined, stop: () => undefined }));
  base = await openSession({ preset: "smoke", seed: 1 });
});
after(() => rmSync(runs, { recursive: true }));
/** Pairs for at least two steps, so that there is a policy on the way, and little else. */
const tiny = (): Session => ({
  ...base,
  runs,
  preset: {
    ...preset("smoke"),
    topics: 3,
    evaluationQuestions: 2,
    samples: 1,
    maskSeeds: 1,
    training: { ...preset("smoke").training, batch: 4, microbatch: 4 },
  },
});
const request = (session: Session, setting: Setting, seed = 1) => ({
  experiment: experimentOf(session, seed, setting),
  evaluations: ["test sampled"] as const,
});

test("what was computed is not computed again, what is missing is, and other settings are other runs", async () => {
  const session = tiny();
  const one = request(session, { snapshots: true });
  assert.equal(knownResult(session, one), undefined);
  const [first] = await runExperiments(session, [one]);
  const weights = path.join(trainedPolicy(session, one.experiment), "model.safetensors");
  const bytes = readFileSync(weights);
  assert.deepEqual(await runExperiments(session, [one]), [first]);
  const [more] = await runExperiments(session, [
    { ...one, evaluations: ["test sampled", "ood sampled", "test greedy"] },
  ]);
  assert.deepEqual(more!.answers["test sampled"], first!.answers["test sampled"]);
  assert.ok(more!.answers["ood sampled"]);
  const names = [
    {},
    { mask: "none" },
    { training: { lr: 5e-5 } },
    { training: { epochs: 2 } },
    { pairs: { k: 2 } },
    { pairs: { annotator: "facts" } },
    { policy: "other" },
  ] as const;
  assert.equal(
    new Set([
      ...names.map((setting) => experimentName(session, request(session, setting).experiment)),
      experimentName(session, request(session, {}, 2).experiment),
    ]).size,
    names.length + 1,
  );
  assert.deepEqual(
    first!.snapshots.map(({ step }) => step > 0 && step < first!.steps),
    first!.snapshots.map(() => true),
  );
  assert.ok(first!.snapshots.length > 0);
  // A run killed after its first checkpoint goes on to the same weights: here its end is taken away.
  rmSync(path.join(session.runs, first!.run, "result.json"));
  rmSync(trainedPolicy(session, one.experiment), { recursive: true });
  rmSync(path.join(session.runs, first!.run, "policy.run"), { recursive: true });
  assert.deepEqual(await runExperiments(session, [one]), [first]);
  assert.deepEqual(readFileSync(weights), bytes);
});

test("experiments side by side give what they give one after the other", async (t) => {
  const session = tiny();
  const requests = (["paper", "none", "inverted"] as const).map((mask) => request(session, { mask }));
  const together = await runExperiments({ ...session, runs: scratch(t) }, requests);
  const apart = [];
  for (const one of requests) apart.push(...(await runExperiments(session, [one])));
  assert.deepEqual(
    together.map(({ policy, steps, pairs }) => ({ policy, steps, pairs })),
    apart.map(({ policy, steps, pairs }) => ({ policy, steps, pairs })),
  );
});

test("pairs: fewer candidates and topics are parts of more; authors and documents differ", async () => {
  const session = tiny();
  const source = (setting: Setting) => pairsOf(session, experimentOf(session, 1, setting).pairs);
  const all = await source({});
  const topics = await source({ pairs: { topics: 2 } });
  const single = await source({ pairs: { questionsPerTopic: 1 } });
  assert.ok(
    topics.length < all.length &&
      topics.every((pair) => all.some((other) => JSON.stringify(other) === JSON.stringify(pair))),
  );
  assert.equal(new Set(single.map(({ topic }) => topic)).size, single.length);
  const document = await source({ pairs: { document: true } });
  const prompts = new Map(all.map(({ questionId, prompt }) => [questionId, prompt]));
  for (const { questionId, prompt } of document) assert.deepEqual(prompt, prompts.get(questionId) ?? prompt);
  assert.ok(document.every(({ prompt }) => prompt.length === 1));
  assert.notDeepEqual(
    document.map(({ chosen }) => chosen.completion),
    all.map(({ chosen }) => chosen.completion),
  );
});

test("arms: one result a seed, in order; the base asked as often", async () => {
  const session = { ...tiny(), preset: { ...tiny().preset, maskSeeds: 2 } };
  const experiments = () => readdirSync(runs).filter((name) => name.startsWith("experiment-"));
  const before = experiments();
  const { paper } = await runArms(session, { paper: maskArms(session).paper });
  assert.deepEqual(
    paper.results.map(({ experiment }) => experiment.seed),
    [1, 2],
  );
  assert.deepEqual(
    armOf(paper, "test greedy").seeds,
    paper.results.map(({ answers }) => answers["test greedy"]),
  );
  const way = onTheWay(paper);
  assert.deepEqual(way.at(-1)!.arm.seeds, armOf(paper, "test sampled").seeds);
  assert.deepEqual(
    way.map(({ step }) => step),
    way.map(({ step }) => step).sort((a, b) => a - b),
  );
  assert.throws(
    () => armOf({ ...paper, results: paper.results.map((result) => ({ ...result, answers: {} })) }, "test sampled"),
    /expected an evaluation "test sampled"/,
  );
  const shipped = await policyArm(session, "base", "base", "test greedy", 2);
  assert.deepEqual(shipped.seeds[0], shipped.seeds[1], "greedy answers have no seed");
  assert.deepEqual(new Set(experiments()), new Set([...before, ...paper.results.map(({ run }) => run)]));
  assert.equal(new Set(paper.results.map(({ run }) => run)).size, 2);
});

test("every preset's suite is whole: counts divide, tables share what they can", () => {
  for (const name of presetNames) {
    const session = { ...base, preset: preset(name) };
    for (const { setting } of [
      ...Object.values(scalingArms(session)),
      ...Object.values(samplingArms(session)),
      ...groupArms(session).flatMap(({ near, far }) => [near, far]),
    ]) {
      assert.ok(Number.isInteger(experimentOf(session, 1, setting).pairs.topics), name);
    }
    const all = ["02", "03", "04", "05", "06"].flatMap((notebook) =>
      requestsOf(session, armsOfNotebook(session, notebook)),
    );
    assert.ok(new Set(all.map(({ experiment }) => experimentName(session, experiment))).size < all.length);
  }
});
