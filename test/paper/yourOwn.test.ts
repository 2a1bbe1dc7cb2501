/** Notebook 09's study with a model, questions and an annotator of one's own. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { sha256File } from "../../lib/base/hash";
import { writeJsonl } from "../../lib/base/jsonl";
import { Rng } from "../../lib/base/rng";
import type { Annotator } from "../../lib/factuality/annotator";
import {
  annotatorName,
  openOwnStudy,
  ownPairs,
  ownPolicy,
  ownReport,
  type NamedAnnotator,
} from "../../lib/paper/yourOwn";
import { annotateDefaults } from "../../lib/steps/annotateServed";
import { openSession } from "../../lib/lab/session";
import { loadTokenizer } from "../../lib/text/tokenizer";
import { splitSentences } from "../../lib/text/sentence";
import { questionsOf } from "../../lib/world/questionFile";
import { writeQuestions } from "../cli/data";
import { anahReply, fakeServer, good } from "../server/fake";
import { scratch, userError } from "../golden/fixtures";
import { goldenPath } from "../golden/golden";

/** Judges by a seeded coin. */
const coin: Annotator = {
  name: "coin",
  annotate: (_, completion) =>
    Promise.resolve(
      splitSentences(completion).map((span) => ({
        ...span,
        verdict: new Rng(completion.slice(span.start, span.end)).next() < 0.5 ? "supported" : "contradictory",
      })),
    ),
};

test(
  "pairs, policy and report of what the environment names; nothing is computed again",
  { timeout: 120_000 },
  async (t) => {
    const dir = scratch(t);
    const at = (name: string) => path.join(dir, name);
    const model = goldenPath("models", "qwen2.5-0.5b");
    const named = {
      MASK_DPO_QUESTIONS: writeQuestions(at("questions.jsonl"), 10),
      MASK_DPO_TEST: writeQuestions(at("test.jsonl"), 4),
      MASK_DPO_MODEL: model,
    };
    t.after(() => {
      for (const name of Object.keys(named)) delete process.env[name];
    });
    const session = { ...(await openSession({ preset: "smoke" })), runs: at("runs") };
    process.env.MASK_DPO_QUESTIONS = named.MASK_DPO_QUESTIONS;
    assert.throws(
      () => openOwnStudy(session, coin),
      userError(/MASK_DPO_QUESTIONS and MASK_DPO_TEST: expected both, or none for Atlas's, got one/),
    );
    Object.assign(process.env, named, { MASK_DPO_MODEL: "" });
    assert.equal(openOwnStudy(session, coin).model, session.baseDir);
    process.env.MASK_DPO_MODEL = at("none");
    assert.throws(
      () => openOwnStudy(session, coin),
      userError(/none: expected a checkpoint folder, got nothing there/),
    );
    Object.assign(process.env, named);
    const study = { ...openOwnStudy(session, coin), maxNewTokens: 24 };
    const { questions, pairs } = await ownPairs(study);
    const { report, out } = await ownPolicy(study);
    const { tables, figures, warnings } = await ownReport(study);
    assert.equal(questions, 10);
    assert.ok(pairs > 0 && report.pairs === pairs);
    assert.equal(loadTokenizer(out).vocabSize, loadTokenizer(model).vocabSize);
    assert.deepEqual(
      tables.map(({ name }) => name),
      ["scores", "differences", "best-of-n", "pairs", "masks", "training", "inputs"],
    );
    assert.match(warnings[0]!, /^\d of the 4 topics of .+ are also topics of .+, so they are not held out\.$/);
    assert.ok(warnings.some((warning) => warning.startsWith("aligned hardly moved")));
    assert.ok(figures.every(({ svg }) => svg?.includes("</svg>")) && existsSync(study.at("report/report.html")));
    const files = ["aligned/model.safetensors", "report/report.json"].map(study.at);
    const bytes = () => files.map(sha256File);
    const first = bytes();
    await ownPairs(study);
    await ownPolicy(study);
    await ownReport(study);
    assert.deepEqual(bytes(), first);
  },
);

test(
  "a language model behind a server judges; its replies are not asked for again",
  { timeout: 120_000 },
  async (t) => {
    const dir = scratch(t);
    const at = (name: string) => path.join(dir, name);
    const server = await fakeServer(t, good(anahReply));
    Object.assign(process.env, {
      MASK_DPO_QUESTIONS: writeQuestions(at("questions.jsonl"), 10),
      MASK_DPO_TEST: writeQuestions(at("test.jsonl"), 4),
      MASK_DPO_MODEL: goldenPath("models", "qwen2.5-0.5b"),
    });
    t.after(() => {
      for (const name of ["MASK_DPO_QUESTIONS", "MASK_DPO_TEST", "MASK_DPO_MODEL"]) delete process.env[name];
    });
    writeJsonl(
      at("documents.jsonl"),
      questionsOf(process.env.MASK_DPO_QUESTIONS).map(({ id }) => ({ questionId: id, document: "A document." })),
    );
    const annotator: NamedAnnotator = {
      annotator: "anah",
      server: server.url,
      modelName: "judge",
      documents: at("documents.jsonl"),
    };
    const session = { ...(await openSession({ preset: "smoke" })), runs: at("runs") };
    const study = { ...openOwnStudy(session, annotator), maxNewTokens: 24 };
    assert.equal(annotatorName(annotator), "anah, judge");
    const report = await ownPairs(study);
    const asked = server.seen.length;
    assert.ok(report.pairs > 0 && asked > 0);
    assert.deepEqual(await ownPairs(study), report);
    assert.equal(server.seen.length, asked);

    const other = (changes: Partial<NamedAnnotator>): boolean =>
      openOwnStudy(session, { ...annotator, ...changes }).at("") !== study.at("");
    for (const changes of [
      { server: "http://127.0.0.1:1/v1" },
      { concurrency: 2 },
      { tries: annotateDefaults.tries },
      {},
    ])
      assert.ok(!other(changes), JSON.stringify(changes));
    for (const changes of [{ modelName: "m" }, { tries: 4 }, { extra: { top_p: 1 } }, { seed: 9 }])
      assert.ok(other(changes), JSON.stringify(changes));
    const answering = { annotator: "self-consistency", server: server.url, modelName: "judge" };
    const folders = [{}, { answers: 2 }, { answerModel: "m" }].map((options) =>
      openOwnStudy(session, { ...answering, ...options }).at(""),
    );
    assert.equal(new Set(folders).size, 3, "options are of the study");
    const takes = /--answers: expected what anah takes: --documents, got --answers/;
    assert.throws(() => other({ answers: 2 }), userError(takes));
    writeJsonl(at("documents.jsonl"), []);
    assert.ok(other({}), "an edited file makes a new study");
    assert.throws(() => other({ documents: at("none") }), userError(/none: expected a readable file/));
  },
);
