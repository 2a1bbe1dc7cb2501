/** What does not fit: completions that the token limit cuts, prompts that fill the model's positions. */
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { writeJsonl } from "../../lib/base/jsonl";
import type { AnnotatedCandidate, Candidate, Question } from "../../lib/factuality/records";
import type { PreferencePair } from "../../lib/preference/pair";
import { loadTokenizer } from "../../lib/text/tokenizer";
import { loadAtlas } from "../../lib/world/atlas";
import { scratch } from "../golden/fixtures";
import { candidate } from "../preference/fixtures";
import { tinyModel, tinyPairs } from "./data";
import { refuse, succeed } from "./here";
import { rowsOf } from "./process";

const positions = 256;
const tokenizer = loadTokenizer(tinyModel);

/** A question of so many tokens. */
function questionOf(id: string, tokens: number, topic = id): Question {
  const content = "1".repeat(tokens - 1); // digits do not merge in this vocabulary
  assert.equal(tokenizer.encode(`${content}\n`).ids.length, tokens);
  return { id, topic, prompt: [{ role: "user", content }] };
}

test("sample: a prompt as long as the positions is left out by id, others are cut and marked", async (t) => {
  const dir = scratch(t);
  const at = (name: string) => path.join(dir, name);
  const questions = [questionOf("short", 4), questionOf("full", positions), questionOf("tight", positions - 3)];
  writeJsonl(at("questions.jsonl"), [...questions, questionOf("beyond", 9 * positions)]);
  const args = ["sample", "--model", tinyModel, "--questions", at("questions.jsonl"), "--k", "2"];
  const said = await succeed([...args, "--max-new-tokens", "6", "--temperature", "0", "--out", at("out.jsonl")]);
  assert.match(said, /^4 candidates in .*out\.jsonl, 4 of 4 cut \(at 6 tokens or the last position\)/);
  assert.match(said, /2 questions left out, as long as the model's positions: "full", "beyond"\n$/);
  assert.deepEqual(
    rowsOf<Candidate>(at("out.jsonl")).map(({ questionId, tokenIds, finished }) => [
      questionId,
      tokenIds!.length,
      finished,
    ]),
    [
      ["short", 6, false],
      ["short", 6, false],
      ["tight", 3, false],
      ["tight", 3, false],
    ],
  );
  assert.equal(await succeed([...args, "--max-new-tokens", "6", "--temperature", "0", "--out", at("out.jsonl")]), said);

  writeJsonl(at("long.jsonl"), questions.slice(1, 2));
  await refuse(
    ["sample", "--model", tinyModel, "--questions", at("long.jsonl"), "--out", at("no.jsonl")],
    /expected a prompt shorter than the model's 256 positions, got 1 longer ones \("full"\)/,
  );
});

test("evaluate says what was left out", async (t) => {
  const dir = scratch(t);
  const { topic } = loadAtlas().splits.test[0]!;
  const file = path.join(dir, "questions.jsonl");
  writeJsonl(file, [questionOf("city:place", 4, topic), questionOf("long:place", positions + 40, topic)]);
  const args = ["--model", tinyModel, "--questions", file, "--max-new-tokens", "3", "--out", path.join(dir, "a.jsonl")];
  assert.match(
    await succeed(["evaluate", ...args]),
    /^1 answers, 1 of 1 cut .*; 1 question left out, as long as the model's positions: "long:place"\n/,
  );
});

test("logps and train name the pairs that do not fit", async (t) => {
  const dir = scratch(t);
  const at = (name: string) => path.join(dir, name);
  const { prompt } = questionOf("q1", positions);
  const pairs = tinyPairs(3).map((pair, i): PreferencePair => (i === 1 ? { ...pair, prompt } : pair));
  writeJsonl(at("pairs.jsonl"), pairs);
  assert.match(
    await succeed(["logps", "--model", tinyModel, "--pairs", at("pairs.jsonl"), "--out", at("logps.jsonl")]),
    /^2 pairs in .*, 1 left out \(longer than the model's positions\): "q1"\n$/,
  );
  assert.match(
    await succeed(["train", "--model", tinyModel, "--pairs", at("pairs.jsonl"), "--epochs", "1", "--out", at("out")]),
    /2 of 3 pairs \(0 emptied by the mask, 1 too long: "q1"\)/,
  );
  writeJsonl(at("long.jsonl"), pairs.slice(1, 2));
  await refuse(
    ["logps", "--model", tinyModel, "--pairs", at("long.jsonl"), "--out", at("no.jsonl")],
    /a pair within the model's 256 positions, got 1 longer ones \("q1"\)/,
  );
});

test("pairs counts cut candidates, keeps their mark, and leaves them out when asked to", async (t) => {
  const dir = scratch(t);
  const at = (name: string) => path.join(dir, name);
  const rows: AnnotatedCandidate[] = [
    { ...candidate("q", 0, "SS"), finished: false },
    candidate("q", 1, "SC"),
    candidate("q", 2, "CC"),
    { ...candidate("r", 0, "SS"), finished: false },
    { ...candidate("r", 1, "CC"), finished: true },
  ];
  const prompt: Question["prompt"] = [{ role: "user", content: "?" }];
  writeJsonl(at("candidates.jsonl"), rows);
  writeJsonl(
    at("questions.jsonl"),
    ["q", "r"].map((id) => ({ id, topic: id, prompt })),
  );
  const args = ["pairs", "--candidates", at("candidates.jsonl"), "--questions", at("questions.jsonl"), "--out"];

  assert.match(await succeed([...args, at("all.jsonl")]), /\n2 of 5 candidates were cut: not closed in training/);
  const sides = (file: string) =>
    rowsOf<PreferencePair>(at(file)).map(({ chosen, rejected }) => [chosen.finished, rejected.finished]);
  assert.deepEqual(sides("all.jsonl"), [
    [false, undefined],
    [false, true],
  ]);

  const said = await succeed([...args, at("dropped.jsonl"), "--drop-unfinished"]);
  assert.match(said, /fewer than two candidates with a score\s*\|?\s*1/);
  assert.match(said, /\n2 of 5 candidates were cut: left out\n$/);
  assert.deepEqual(sides("dropped.jsonl"), [[undefined, undefined]]);
  assert.equal(rowsOf<PreferencePair>(at("dropped.jsonl"))[0]!.chosen.completion, rows[1]!.completion);

  const exported = await succeed(["export", "--to", "trl", "--pairs", at("all.jsonl"), "--out", at("trl")]);
  assert.match(exported, /; 2 have a side that was cut/);
  await succeed(["import", "--from", "trl", "--in", at("trl/trl.jsonl"), "--out", at("back.jsonl")]);
  assert.deepEqual(rowsOf(at("back.jsonl")), rowsOf(at("all.jsonl")));
});
