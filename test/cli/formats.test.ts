/**
 * The verbs `import` and `export` as a user types them: there and back, what is lost in --help, refusals of one line.
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { scratch } from "../golden/fixtures";
import { tinyModel, writePairs } from "./data";
import { refuse, run, succeed } from "./here";
import { filesBelow, succeed as succeedAlone } from "./process";

test("export to every format, import again, export to torch", { timeout: 120_000 }, async (t) => {
  const dir = scratch(t);
  const at = (name: string) => path.join(dir, name);
  const pairs = writePairs(at("pairs.jsonl"), 3);
  const env = { ENGINE: "wasm" };
  const once = [
    ["official", "official.jsonl", succeedAlone],
    ["trl", "trl.jsonl", succeed],
    ["llamafactory", "mask_dpo.json", succeed],
    ["axolotl", "axolotl.jsonl", succeed],
  ] as const;
  for (const [format, file, succeed] of once) {
    assert.match(await succeed(["export", "--to", format, "--pairs", pairs, "--out", dir]), /^3 pairs in /);
    assert.match(
      await succeed(["import", "--from", format, "--in", at(file), "--out", at("back.jsonl")]),
      /^3 pairs of 3 rows in /,
    );
    assert.equal(readFileSync(at("back.jsonl"), "utf8"), readFileSync(pairs, "utf8"), format);
  }
  assert.match(
    await succeed(
      [
        "export",
        "--to",
        "torch",
        "--pairs",
        pairs,
        "--model",
        tinyModel,
        "--out",
        at("torch"),
        "--batch",
        "2",
        "--epochs",
        "2",
      ],
      env,
    ),
    /^3 of 3 pairs \(0 emptied by the mask, 0 too long\), 4 steps; how to train in /,
  );
  assert.deepEqual(filesBelow(at("torch")), [
    "README.md",
    "fsdp.yaml",
    "mask-dpo-files.json",
    "objectives.py",
    "recipe.json",
    "requirements.txt",
    "steps.jsonl",
    "tokens.jsonl",
    "train.py",
    "train_trl.py",
  ]);
  assert.match(
    await succeed([
      "export",
      "--to",
      "trl",
      "--pairs",
      pairs,
      "--model",
      tinyModel,
      "--out",
      at("trl"),
      "--batch",
      "2",
    ]),
    /^3 of 3 pairs .+, 6 steps; how to train in /,
  );
  assert.deepEqual(filesBelow(at("trl")), filesBelow(at("torch")));
});

test("refusals, and what --help says is lost", { timeout: 60_000 }, async (t) => {
  const dir = scratch(t);
  const pairs = writePairs(path.join(dir, "pairs.jsonl"), 1);
  const bad = path.join(dir, "bad.jsonl");
  writeFileSync(bad, '{"prompt":"p","chosen":"a","rejected":"b"}\n{"prompt":"p","chosen":"a"}\n');
  await refuse(
    ["import", "--from", "trl", "--in", bad, "--out", path.join(dir, "o.jsonl")],
    /bad\.jsonl:2: expected a valid "rejected"/,
  );
  await refuse(["export", "--to", "trl", "--pairs", bad, "--out", dir], /bad\.jsonl:1: expected a valid/);
  await refuse(
    ["export", "--to", "torch", "--pairs", pairs, "--model", tinyModel, "--out", dir],
    /got a folder of other files/,
  );
  for (const args of [
    ["import", "--from", "dpo", "--in", bad, "--out", "o"],
    ["export", "--to", "keras", "--pairs", pairs, "--out", dir],
  ])
    assert.match((await run(args)).stderr, /Allowed choices are official, trl, llamafactory, axolotl/);
  assert.match(
    await succeed(["import", "--help"]),
    /official .+ hallucination becomes unverifiable[\s\S]+trl .+no verdicts/,
  );
  assert.match(
    await succeed(["export", "--help"]),
    /official .+ lost for its trainer[\s\S]+trl .+ lost for its trainer: verdicts[\s\S]+column mask_dpo/,
  );
});
