/** `mask-dpo runs`: what the verbs print, and that nothing is removed without --yes. */
import assert from "node:assert/strict";
import { existsSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { runFolder } from "../../lib/base/runFolder";
import { scratch } from "../golden/fixtures";
import { refuse, run, succeed } from "./here";
import { succeed as succeedAlone } from "./process";

test("ls, show, diff, gc", async (t) => {
  const root = scratch(t),
    env = { MASK_DPO_RUNS: root };
  const [one, two] = [1, 2].map((seed) => runFolder(root, "candidates", { seed, k: 4 })),
    [a, b] = [path.basename(one!).slice(-8), path.basename(two!).slice(-8)];
  writeFileSync(path.join(one!, "candidates.jsonl"), "{}\n");
  assert.match(
    await succeedAlone(["runs", "ls", "--kind", "candidates"], env),
    new RegExp(`^2 runs, \\d+ B\n[^]*${a}  candidates .* 1 row +seed 1, k 4`),
  );
  assert.match(await succeed(["runs", "ls", "--kind", "pairs"], env), /^0 runs/);
  assert.match(
    await succeed(["runs", "show", a], env),
    /^candidates-[^]*"seed": 1,[^]*candidates\.jsonl\n[^]*run\.json\n$/,
  );
  assert.match(await succeed(["runs", "diff", a, b], env), /^What differs: 1 key\n[^]*seed +1 +2\n$/);
  await refuse(["runs", "show", "c"], /one run whose hash or name begins with "c", got 2: candidates-/, env);
  const bad = await run(["runs", "gc", "--older-than", "soon"], env);
  assert.equal(bad.code, 1);
  assert.match(bad.stderr, /Expected a number with m, h or d/);
  assert.match(await succeed(["runs", "gc"], env), /^0 runs/); // both are new
  for (const file of [one!, path.join(one!, "run.json"), path.join(one!, "candidates.jsonl")]) utimesSync(file, 0, 0);
  assert.match(await succeed(["runs", "gc"], env), /^1 run, [^]*Nothing was removed: add --yes to remove them\.\n$/);
  assert.match(await succeed(["runs", "gc", "--dry-run", "--yes"], env), /Nothing was removed\.\n$/);
  assert.ok(existsSync(one!));
  assert.match(await succeed(["runs", "gc", "--yes", "--older-than", "12h"], env), /\d+ B freed\n$/);
  assert.deepEqual([existsSync(one!), existsSync(two!)], [false, true]);
});
