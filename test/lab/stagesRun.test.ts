/** Chains of stages on Atlas, as small as they go: made of what they say, shared, computed once. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { setProgressRenderer } from "../../lib/base/progress";
import { policyHash } from "../../lib/model/policy";
import { preset } from "../../lib/lab/preset";
import { openSession, type Session } from "../../lib/lab/session";
import { knownResult } from "../../lib/lab/experiment";
import { runExperiments } from "../../lib/lab/runExperiments";
import { experimentOf } from "../../lib/lab/study";
import { runStagedArms } from "../../lib/lab/stages/runStages";
import { stagePolicy, type Stage } from "../../lib/lab/stages/stage";
import { dpoStage, staged, stage, trainingOf } from "../../lib/paper/methods/staged";

const runs = mkdtempSync(path.join(os.tmpdir(), "mask-dpo-test-"));
let session: Session;
before(async () => {
  setProgressRenderer(() => ({ update: () => undefined, stop: () => undefined }));
  const smoke = preset("smoke");
  session = {
    ...(await openSession({ preset: "smoke", seed: 1 })),
    runs,
    jobs: 1,
    preset: { ...smoke, topics: 3, evaluationQuestions: 2, samples: 1, training: { ...smoke.training, batch: 4 } },
  };
});
after(() => rmSync(runs, { recursive: true }));

test("a stage of best and worst is the experiment of the same setting; a stage runs once", async () => {
  const specs = {
    dpo: staged(session, "DPO", dpoStage(session)),
    sftDpo: staged(
      session,
      "SFT, then DPO",
      stage({ rows: "demonstrations", of: "own" }, trainingOf(session, "sft")),
      dpoStage(session),
    ),
  };
  const { dpo, sftDpo } = await runStagedArms({ ...session, jobs: 2 }, specs); // the first stages in workers
  const request = { experiment: experimentOf(session, 1, { mask: "none" }), evaluations: ["test sampled"] as const };
  await runExperiments(session, [request]);
  const same = knownResult(session, request)!;
  assert.equal(dpo.stages[0]![0]!.policy, same.policy);
  assert.deepEqual(dpo.arms["test sampled"]!.seeds[0], same.answers["test sampled"]);
  assert.equal(sftDpo.stages[0]!.length, 2);
  const [sft, after] = sftDpo.stages[0]!;
  assert.ok(sft!.policy !== after!.policy && after!.policy !== same.policy);
  const { stages } = specs.sftDpo;
  const folder = path.dirname(stagePolicy(session, { stages, seed: 1 }));
  const record = JSON.parse(readFileSync(path.join(folder, "policy.run", "run.json"), "utf8")) as { reference: string };
  assert.equal(record.reference, sft!.policy, "the reference is the policy of the stage before");
  assert.equal(policyHash(path.join(folder, "policy")), after!.policy);
  const before = readdirSync(runs).length;
  assert.deepEqual(await runStagedArms(session, specs), { dpo, sftDpo });
  assert.equal(readdirSync(runs).length, before);
});

test("implicit rewards come from what training changed; goals double the rows; weights change the policy", async () => {
  const training = trainingOf(session, "dpo");
  const pairs = (choose: "best-worst" | "implicit", from: number, to: number) =>
    stage({ rows: "pairs", choose, from, to }, training);
  const silent = (label: string, ...stages: Stage[]) => ({ ...staged(session, label, ...stages), evaluations: [] });
  const { spa, goals, dpo, tis } = await runStagedArms(session, {
    spa: silent("SPA", pairs("best-worst", 0, 2 / 3), pairs("implicit", 2 / 3, 1)),
    goals: silent("goals", stage({ rows: "goals", constant: false }, training)),
    dpo: silent("DPO", dpoStage(session)),
    tis: silent("TIS", stage({ rows: "weighted", estimator: "contrast", contrast: training }, training)),
  });
  const round = spa.stages[0]![1]!;
  assert.ok(round.rows > 0 && round.measures["labelAccuracy"]! >= 0 && round.measures["labelAccuracy"]! <= 1);
  assert.equal(goals.stages[0]![0]!.rows, 2 * dpo.stages[0]![0]!.rows);
  const [weighted] = tis.stages[0]!;
  assert.notEqual(weighted!.policy, dpo.stages[0]![0]!.policy);
  const [chosen, rejected] = [weighted!.measures["aucChosen"]!, weighted!.measures["aucRejected"]!];
  assert.ok(chosen > 0 && chosen < 1 && rejected > 0 && rejected < 1 && chosen !== rejected, `${chosen}, ${rejected}`);
});

test("corrected answers are likelier after imitation; rewards of tokens train", async () => {
  const training = trainingOf(session, "dpo");
  const prefer = stage({ rows: "corrected", as: "pairs" }, training);
  const imitate = stage(
    { rows: "corrected", as: "demonstrations" },
    trainingOf(session, "sft", { lr: 1e-3, epochs: 4 }),
  );
  const silent = (label: string, ...stages: Stage[]) => ({ ...staged(session, label, ...stages), evaluations: [] });
  const round = (from: number, to: number, granularity: "answer" | "sentence" = "sentence") =>
    stage({ rows: "rewarded", granularity, from, to }, training);
  const { atOnce, opa, rounds, answers } = await runStagedArms(session, {
    atOnce: silent("DPO", prefer),
    opa: silent("OPA-DPO", imitate, prefer),
    rounds: silent("rewards", round(0, 2 / 3), round(2 / 3, 1)),
    answers: silent("rewards of answers", round(0, 2 / 3, "answer")),
  });
  const [reference, imitated] = [atOnce.stages[0]![0]!, opa.stages[0]!.at(-1)!];
  assert.ok(imitated.measures["correctedLogp"]! > reference.measures["correctedLogp"]!);
  assert.equal(imitated.rows, reference.rows, "the same answers, of the first policy");
  const [first, second] = rounds.stages[0]!;
  assert.ok(first!.rows > 0 && second!.rows > 0 && first!.policy !== second!.policy);
  assert.notEqual(first!.policy, answers.stages[0]![0]!.policy);
});

test("an experiment that is followed has points from the base to its end, and keeps no policies for it", async () => {
  const request = {
    experiment: experimentOf(session, 1, { mask: "none" }),
    evaluations: ["test sampled"] as const,
    track: true,
  };
  const [result] = await runExperiments(session, [request]);
  const { points, slots } = result!.track!;
  assert.ok(slots > 0);
  assert.deepEqual([points[0]!.step, points.at(-1)!.step], [0, result!.steps]);
  assert.ok(points.length > 2);
  assert.ok(points.at(-1)!.stated! < points[0]!.stated!, "what was rejected becomes less likely");
  const kept = readdirSync(path.join(runs, result!.run), { recursive: true, encoding: "utf8" });
  assert.deepEqual(
    kept.filter((name) => /step-\d|tracked/.test(name)),
    [],
  );
  assert.deepEqual(await runExperiments(session, [request]), [result]);
});
