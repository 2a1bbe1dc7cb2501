/** `lint` on files: every format that pairs are in, its exit code, its answer for readers and for scripts. */
import assert from "node:assert/strict";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { writeJsonl } from "../../lib/base/jsonl";
import { pairFormats } from "../../lib/preference/formats/registry";
import { scratch } from "../golden/fixtures";
import { spansOf } from "../preference/fixtures";
import { tinyModel, tinyPairs } from "./data";
import { refuse, run } from "./here";

/** What it says and its exit code, which stands in the process that a terminal would run. */
async function lint(t: TestContext, rows: readonly unknown[], as: "--pairs" | "--official", more: string[] = []) {
  const file = path.join(scratch(t), "rows.jsonl");
  writeJsonl(file, rows);
  const { code, stdout, stderr } = await run(["lint", as, file, "--model", tinyModel, ...more]);
  assert.deepEqual([code, stderr], [0, ""]);
  const exitCode = process.exitCode ?? 0;
  process.exitCode = undefined;
  return { stdout, exitCode };
}

const pairs = tinyPairs(6);

test("pairs of every format, and official rows, without a fault: 0", async (t) => {
  assert.deepEqual(await lint(t, pairs, "--pairs"), {
    stdout: "6 rows, no fault in their spans; none has a token mask\n",
    exitCode: 0,
  });
  for (const format of Object.values(pairFormats)) {
    const rows = pairs.map((pair) => format.write(pair));
    assert.match((await lint(t, rows, "--pairs")).stdout, /^6 rows, no fault/);
  }
});

test("faults: 1, the share first, then quartiles, the worst rows by line, and their texts", async (t) => {
  const text = "s0.\n\ns1.\n\ns2.\n\ns3.";
  const apart = { completion: text, sentences: spansOf(text, ["s0.", "s1.", "s2.", "s3."], "SCSS") };
  const official = pairs.map((pair, i) => pairFormats.official.write(i % 2 ? { ...pair, chosen: apart } : pair));
  const { stdout, exitCode } = await lint(t, official, "--official");
  assert.equal(exitCode, 1);
  assert.match(stdout, /^3 of 6 rows \(50\.0 %\) have a fault\n +\d+ .+/);
  assert.match(stdout, /\n\nLargest drift of a side's mask\nIn +25 % +50 % +75 % +Most\n/);
  assert.match(stdout, /\n\nWorst rows\n[\s\S]+rows\.jsonl:\d /);
  assert.match(stdout, /rows\.jsonl:\d (chosen|rejected)\n .+(\[-.+-\]|\{\+.+\+\})/);
  const asJson = JSON.parse((await lint(t, official, "--official", ["--json"])).stdout) as {
    rows: number;
    faulty: number;
    found: { where: string; faults: string[] }[];
  };
  assert.equal(asJson.found.length, asJson.rows);
  assert.equal(asJson.found.filter(({ faults }) => faults.length > 0).length, asJson.faulty);
  assert.match(asJson.found[5]!.where, /rows\.jsonl:6$/);
});

test("a mask that a row brings along is read; what lint refuses", async (t) => {
  const row = { ...pairs[0], chosen_mask: [1, 0] };
  assert.match((await lint(t, [row], "--pairs")).stdout, /1 whose mask is not as long as its tokens/);
  const dir = scratch(t);
  const file = path.join(dir, "rows.jsonl");
  writeJsonl(file, [{ text: "no pair" }]);
  await refuse(
    ["lint", "--pairs", file],
    /rows\.jsonl:1: expected a pair, as mask-dpo pairs writes them or of official,/,
  );
  await refuse(["lint", "--official", file], /rows\.jsonl:1: expected a valid "prompt"/);
  await refuse(["lint"], /expected one of --pairs and --official, got neither/);
  await refuse(["lint", "--pairs", file, "--official", file], /got both/);
});
