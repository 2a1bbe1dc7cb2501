/**
 * Section 11: whatever is wrong with the input, exit code 1, one message that says where, what was expected, got and to
 * do, and nothing lost.
 */
import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { tinyModel, writePairs, writeQuestions } from "./data";
import { refuse, run } from "./here";
import * as alone from "./process";
import { filesBelow } from "./process";
import { env, bench, spoil } from "./refusal";

const rows: [what: string, edit: (line: string) => string, message: RegExp][] = [
  [
    "malformed JSON",
    (line) => line.slice(0, 40),
    /pairs\.jsonl:3: expected one JSON value, got .+\. Correct or remove that line\. .+JSONL/,
  ],
  [
    "an unknown key",
    (line) => line.replace("{", '{"color":1,'),
    /pairs\.jsonl:3: expected a valid row .+, got unknown keys "color"/,
  ],
  [
    "a span outside the text",
    (line) => line.replace(/"end":\d+/, '"end":9999'),
    /pairs\.jsonl:3: expected a valid "chosen\.sentences\.0" \(span 0-9999 ends outside the text of \d+ characters\)/,
  ],
];
test("rows: malformed JSON, unknown keys, spans outside the text; the message names the line", async (t) => {
  const { dir, pairs, out, unchanged } = bench(t);
  for (const [what, edit, message] of rows) {
    writePairs(pairs, 4);
    spoil(pairs, 3, edit);
    await t.test(what, () => refuse(["logps", "--model", tinyModel, "--pairs", pairs, "--out", out], message, env));
  }
  await t.test("a missing file, in a process of its own", () =>
    alone.refuse(
      ["pairs", "--candidates", path.join(dir, "none.jsonl"), "--out", out],
      /none\.jsonl: expected a readable file, got ENOENT/,
    ),
  );
  await t.test("an empty file", () => {
    writeFileSync(pairs, "");
    return refuse(
      ["train", "--model", tinyModel, "--pairs", pairs, "--out", path.join(dir, "policy")],
      /pairs\.jsonl: expected at least one pair, got an empty file/,
      env,
    );
  });
  await t.test("a question asked twice", () => {
    const questions = writeQuestions(path.join(dir, "twice.jsonl"), 2);
    writeFileSync(questions, readFileSync(questions, "utf8").repeat(2));
    return refuse(
      ["sample", "--model", tinyModel, "--questions", questions, "--out", path.join(dir, "c.jsonl")],
      /twice\.jsonl: expected every question id once, got "q0" twice/,
      env,
    );
  });
  unchanged();
  assert.deepEqual(filesBelow(dir), ["out.jsonl", "pairs.jsonl", "twice.jsonl", "questions.jsonl"].sort());
});

test("what is not there: a question, a topic that is known, an adapter", async (t) => {
  const { pairs, out, unchanged } = bench(t);
  const own = writeQuestions(path.join(path.dirname(pairs), "own.jsonl"), 2);
  const annotated = path.join(path.dirname(pairs), "annotated.jsonl");
  const row = { questionId: "mine", index: 0, completion: "Yes.", seed: 1 };
  writeFileSync(annotated, `${JSON.stringify({ ...row, sentences: [{ start: 0, end: 4, verdict: "no-fact" }] })}\n`);
  await refuse(
    ["pairs", "--candidates", annotated, "--out", out],
    /question "mine": expected a question of --questions, or of Atlas where none are given, got one that is not there/,
  );
  await refuse(
    ["evaluate", "--model", tinyModel, "--questions", own, "--out", out],
    /own\.jsonl, question .+: expected a topic of Atlas, whose facts evaluate judges by, got .+ annotator that knows/,
  );
  await refuse(
    ["merge", "--model", tinyModel, "--adapter", tinyModel, "--out", `${out}.merged`],
    /expected the folder of an adapter, with adapter_config\.json, got a whole policy/,
  );
  rmSync(own);
  rmSync(annotated);
  unchanged();
});

test("names: an unknown mask, preset, engine, verb; a forced engine that cannot start", async (t) => {
  const { pairs, out, unchanged } = bench(t);
  const logps = ["logps", "--model", tinyModel, "--pairs", pairs, "--out", out];
  const usage: [string[], RegExp][] = [
    [[...logps, "--mask", "soft"], /--mask <kind>.+soft.+Allowed choices are paper, none, inverted, random/],
    [
      ["reproduce", "--preset", "huge"],
      /--preset <name>.+huge.+Allowed choices are smoke, small, quick, medium, hour, full/,
    ],
    [["reproduce", "--in-place", "--out", out], /'--in-place' cannot be used with option '--out <dir>'/],
    [["train", "--pairs", pairs], /required option '--out <dir>' not specified/],
    [["trian"], /unknown command 'trian'/],
    [["train", "--pairs", pairs, "--out", out, "--lr", "fast"], /--lr <x>.+fast.+Expected a number from 0 to 1/],
  ];
  for (const [args, message] of usage) {
    await t.test(args.join(" ").replaceAll(pairs, "…").replaceAll(out, "…").replaceAll(tinyModel, "…"), async () => {
      const { code, stdout, stderr } = await (args[0] === "trian" ? alone.run : run)(args);
      assert.deepEqual([code, stdout], [1, ""]);
      assert.match(stderr, message);
      assert.equal(stderr.match(/error:/g)?.length, 1, stderr);
    });
  }
  await t.test("ENGINE=cuda", () =>
    alone.refuse(logps, /ENGINE: expected native \| wasm \| webgpu \| cpu, got cuda/, { ENGINE: "cuda" }),
  );
  await t.test("--only, by commas and by spaces", () =>
    refuse(["reproduce", "--only", "00,01", "02", "99,"], /--only: expected the beginning of one of 00-.+, got 99,\./),
  );
  await t.test("options that npm run kept for itself", async () => {
    const npm = { npm_lifecycle_event: "reproduce", npm_config_preset: "true", npm_config_jobs: "2" };
    const only = ["reproduce", "--only", "99"];
    await alone.refuse(["reproduce", "smoke"], /npm run reproduce: .+ Write `npm run reproduce -- --preset …`\./, npm);
    await alone.refuse([...only, "--preset", "smoke"], /--only: expected the beginning of/, npm);
    await alone.refuse(only, /--only: expected the beginning of/, { ...npm, npm_lifecycle_event: "test" });
  });
  await t.test("--steps without --out would replace the shipped base", () =>
    refuse(["world", "pretrain", "--steps", "1"], /--steps: expected an --out folder/),
  );
  unchanged();
});
