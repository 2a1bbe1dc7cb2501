/**
 * Every verb once, file by file, from Atlas's questions to best-of-N; and outside checks of what `train` and `logps`
 * leave.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { projectRoot } from "../../lib/base/files";
import type { Candidate } from "../../lib/factuality/records";
import { readCheckpoint } from "../../lib/model/checkpoint";
import type { PreferencePair } from "../../lib/preference/pair";
import { scratch } from "../golden/fixtures";
import * as here from "./here";
import { rowsOf, succeed } from "./process";
import { type LogpsRow, python, hasTorch, agreesWithTransformers } from "./transformersLogps";

const base = path.join(projectRoot, "data/atlas/base");

test(
  "questions, sample, annotate, pairs, inspect, train, evaluate, best-of-n, logps",
  { timeout: 120_000, skip: existsSync(base) ? false : "data/atlas/base is not there" },
  async (t) => {
    const dir = scratch(t);
    const at = (name: string) => path.join(dir, name);
    assert.match(
      await succeed(["world", "questions", "--split", "train", "--first", "12", "--out", at("questions.jsonl")]),
      /^12 questions/,
    );
    assert.match(
      await succeed([
        "sample",
        "--questions",
        at("questions.jsonl"),
        "--out",
        at("candidates.jsonl"),
        "--k",
        "6",
        "--max-new-tokens",
        "96",
        "--seed",
        "4",
      ]),
      /^72 candidates/,
    );
    const candidates = rowsOf<Candidate>(at("candidates.jsonl"));
    assert.deepEqual(Object.keys(candidates[0]!), ["questionId", "index", "completion", "tokenIds", "seed"]);
    assert.equal(new Set(candidates.map(({ questionId, index }) => `${questionId} ${index}`)).size, 72);
    assert.match(
      await succeed(["annotate", "--candidates", at("candidates.jsonl"), "--out", at("annotated.jsonl")]),
      /^72 annotated candidates/,
    );
    assert.match(
      await succeed(["pairs", "--candidates", at("annotated.jsonl"), "--out", at("pairs.jsonl")]),
      /asked +12/,
    );
    const pairs = rowsOf<PreferencePair>(at("pairs.jsonl"));
    assert.ok(pairs.length >= 4, `only ${pairs.length} pairs`);
    for (const { scores } of pairs) assert.ok(scores.chosen > scores.rejected);
    assert.match(
      await succeed(["inspect", "--pairs", at("pairs.jsonl"), "--out", at("pairs.html")]),
      new RegExp(`^${pairs.length} pairs`),
    );
    assert.match(readFileSync(at("pairs.html"), "utf8"), /<!doctype html>/i);

    const trained = await succeed([
      "train",
      "--pairs",
      at("pairs.jsonl"),
      "--out",
      at("policy"),
      "--mask",
      "paper",
      "--lr",
      "1e-4",
      "--batch",
      "4",
      "--epochs",
      "1",
    ]);
    assert.match(trained, /^memory, planned: .+\n\d+ of \d+ pairs .+ steps, loss 0\.\d+, .+; policy in /);
    const [before, after] = [readCheckpoint(base), readCheckpoint(at("policy"))];
    assert.deepEqual(after.config, before.config);
    assert.notDeepEqual(after.tensors.get("model.norm.weight"), before.tensors.get("model.norm.weight"));

    const evaluate = [
      "evaluate",
      "--model",
      at("policy"),
      "--questions",
      at("questions.jsonl"),
      "--max-new-tokens",
      "96",
      "--out",
      at("answers.jsonl"),
    ];
    assert.match(
      await succeed([...evaluate, "--decoding", "sampled", "--samples", "4"]),
      /% Score \[95 %\][\s\S]+policy +\d/,
    );
    assert.equal(rowsOf(at("answers.jsonl")).length, 48);
    const best = await succeed(["best-of-n", "--answers", at("answers.jsonl")]);
    assert.deepEqual(best.match(/^\d+(?= )/gm), ["1", "2", "4"]);

    assert.match(
      await succeed(["logps", "--model", at("policy"), "--pairs", at("pairs.jsonl"), "--out", at("logps.jsonl")]),
      /^\d+ pairs/,
    );
    const rows = rowsOf<LogpsRow>(at("logps.jsonl"));
    for (const row of rows) {
      assert.deepEqual(Object.keys(row), [
        "questionId",
        "chosenLogps",
        "rejectedLogps",
        "chosenTokens",
        "rejectedTokens",
        "chosenUnmasked",
        "rejectedUnmasked",
      ]);
      assert.ok(
        row.chosenLogps < 0 && row.chosenUnmasked <= row.chosenTokens && row.rejectedUnmasked < row.rejectedTokens + 1,
      );
    }
    if (!hasTorch)
      return t.diagnostic(
        `transformers not asked: ${python} has no torch and transformers (MASK_DPO_PYTHON names another)`,
      );
    const kept = new Set(rows.map(({ questionId }) => questionId));
    writeFileSync(
      at("kept.jsonl"),
      pairs
        .filter(({ questionId }) => kept.has(questionId))
        .map((pair) => `${JSON.stringify(pair)}\n`)
        .join(""),
    );
    agreesWithTransformers(at("policy"), at("kept.jsonl"), "paper", rows);
  },
);

test("--help of every verb exits with 0 and names its options", { timeout: 60_000 }, async () => {
  const top = await succeed(["--help"]);
  const verbs = [...top.matchAll(/^ {2}([a-z][a-z-]+)(?= |$)/gm)]
    .map(([, verb]) => verb!)
    .filter((verb) => verb !== "help");
  for (const verb of [
    "setup",
    "world",
    "sample",
    "annotate",
    "pairs",
    "inspect",
    "train",
    "evaluate",
    "best-of-n",
    "power",
    "logps",
    "notebooks",
  ])
    assert.ok(verbs.includes(verb), verb);
  const promised: Record<string, string[]> = {
    sample: ["--model", "--questions", "--out", "--k", "--temperature", "--top-k", "--top-p", "--seed"],
    annotate: ["--candidates", "--out"],
    pairs: ["--candidates", "--out"],
    train: ["--model", "--pairs", "--out", "--mask", "--beta", "--lr", "--epochs", "--batch", "--seed"],
    logps: ["--model", "--pairs", "--mask", "--out"],
    evaluate: ["--model", "--out"],
    "best-of-n": ["--answers"],
    power: ["--answers", "--against", "--questions", "--effect", "--power"],
    inspect: ["--pairs", "--out"],
    world: ["pretrain", "questions"],
    reproduce: ["--preset", "--only", "--seed"],
  };
  for (const verb of verbs) {
    const { code, stdout, stderr } = await here.run([verb, "--help"]);
    assert.deepEqual([code, stderr], [0, ""], verb);
    for (const option of ["Usage: mask-dpo", ...(promised[verb] ?? [])])
      assert.ok(stdout.includes(option), `${verb} --help does not name ${option}`);
  }
});
