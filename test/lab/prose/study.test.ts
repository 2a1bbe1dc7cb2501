/** The study from questions to tables, on a tiny policy at the smallest size; and the real model where it is. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { Rng } from "../../../lib/base/rng";
import { runProse } from "../../../lib/lab/prose/arms";
import { sampleProseBestOf } from "../../../lib/lab/prose/bestOf";
import { prosePairs } from "../../../lib/lab/prose/experiment";
import { probe } from "../../../lib/lab/prose/probe";
import { searchProse } from "../../../lib/lab/prose/search";
import { openProse, proseModel, proseModelFolder } from "../../../lib/lab/prose/study";
import type { Question, Sentence, Verdict } from "../../../lib/factuality/records";
import { openSession } from "../../../lib/lab/session";
import { loadPolicy } from "../../../lib/model/policy";
import { testProseGraph } from "../../../lib/paper/prose/graph";
import { closedQuestions } from "../../../lib/world/closedQuestions";
import { editJson, scratch, scratchCopy } from "../../golden/fixtures";

test("every part runs, is kept, and is found again", async (t) => {
  const { MASK_DPO_PROSE_MODEL: before } = process.env;
  t.after(() => {
    if (before === undefined) delete process.env.MASK_DPO_PROSE_MODEL;
    else process.env.MASK_DPO_PROSE_MODEL = before;
  });
  const model = scratchCopy(t, "models", "llama-tied-mha");
  editJson(path.join(model, "config.json"), (config) => (config["max_position_embeddings"] = 4096));
  process.env.MASK_DPO_PROSE_MODEL = model;
  const session = { ...(await openSession({ preset: "smoke" })), runs: scratch(t) };
  const study = (await openProse(session))!;
  // a model that only stammers has no right sentence: judged by quarters here, so that every mask keeps others
  const annotator = {
    name: "quarters",
    annotate: (_: unknown, text: string): Sentence[] => {
      const quarter = Math.floor(text.length / 4);
      const last: Verdict = text.length % 2 ? "supported" : "contradictory";
      const verdicts: Verdict[] = ["supported", "contradictory", "no-fact", last];
      return quarter < 2 ? [] : verdicts.map((verdict, i) => ({ start: i * quarter, end: (i + 1) * quarter, verdict }));
    },
  };
  const size = { ...study.size, candidates: 6, maxNewTokens: 16, bestOf: 2 };
  const short = (asked: readonly Question[]) =>
    asked.map((question) => ({ ...question, prompt: question.prompt.slice(-1) }));
  const { train, validation, test: last } = study.questions;
  const questions = { train: short(train), validation: short(validation), test: short(last) };
  const preset = { ...session.preset, maxNewTokens: size.maxNewTokens };
  const own = { ...study, annotator, size, questions, session: { ...study.session, preset } };
  const pairs = await prosePairs(own);
  assert.ok(pairs.value.length > 0);
  const search = await searchProse(own);
  const arms = await runProse(own, search);
  assert.equal(arms.base.totals.sampled[0]!.answers.topics.length, study.size.testTopics);
  assert.notEqual(arms.maskDpo.policies[0]!.hash, arms.base.policies[0]!.hash);
  assert.equal(new Set(Object.values(arms).map(({ policies }) => policies[0]!.hash)).size, 5);
  const best = await sampleProseBestOf(own, arms);
  assert.equal(best.base.length, study.size.bestOf * study.size.bestOfTopics);
  await testProseGraph(own);
  assert.deepEqual(await runProse(own, await searchProse(own)), arms);
  assert.ok(arms.base.runs.every((run) => existsSync(path.join(session.runs, run))));
});

test("the real model knows where Paris is", async (t) => {
  const real = await proseModelFolder();
  if (!real) return t.skip(`${proseModel} is not on this machine`);
  const { atlas } = await openSession({ preset: "smoke", large: true });
  const policy = loadPolicy(real);
  t.after(() => policy.dispose());
  const [country] = await probe(policy, closedQuestions(atlas, ["paris"], 4, new Rng(1)).slice(0, 1));
  assert.ok(country!.right, JSON.stringify(country));
});
