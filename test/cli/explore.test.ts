/** The README's cell for looking around, run as it stands there at the smallest size. */
import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { projectRoot } from "../../lib/base/files";
import { scratch } from "../golden/fixtures";
import { startNode } from "./process";
import { fromReadme } from "./readme";

test("ask, an arm of one's own, a plot, answers side by side, token log-ratios", { timeout: 120_000 }, async (t) => {
  const [door, ...lines] = fromReadme("explore", {}).split("\n");
  const dir = scratch(t);
  const file = path.join(projectRoot, `explore-${path.basename(dir)}.ts`); // cells see the project's folder as theirs
  writeFileSync(file, `${door}\nvoid (async () => {\n${lines.join("\n")}\n})();\n`);
  t.after(() => rmSync(file, { force: true }));
  const { code, stdout, stderr } = await startNode(["--require", "./lib/base/typescript.cjs", file], {
    MASK_DPO_PRESET: "smoke",
    MASK_DPO_RUNS: path.join(dir, "runs"),
  }).ended;
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^Where does Brno lie\?\nanswer: .*\[S\] Its hemisphere is northern\./);
  assert.match(stdout, /\[figure plot-loss-by-step\]/);
  assert.match(stdout, /\nbefore: \[.*\nafter: \[/);
  assert.match(stdout, /chosen:\n {2}[+-]\d\.\d\d "/);
});
