/** The documents' cells for looking around, run as they stand there at the smallest size. */
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { scratch } from "../golden/fixtures";
import { fromReadme, runCell } from "./readme";

test("ask, an arm of one's own, a plot, answers side by side, token log-ratios", { timeout: 120_000 }, async (t) => {
  const dir = scratch(t);
  const cell = `import * as lab from "./lib";\n${fromReadme("look", {})}${fromReadme("explore", {})}`;
  const { code, stdout, stderr } = await runCell(t, cell, {
    MASK_DPO_PRESET: "smoke",
    MASK_DPO_RUNS: path.join(dir, "runs"),
  });
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^Where does Brno lie\?\nanswer: .*\[S\] Its hemisphere is northern\./);
  assert.match(stdout, /\[figure plot-loss-by-step\]/);
  assert.match(stdout, /\nbefore: \[.*\nafter: \[/);
  assert.match(stdout, /chosen:\n {2}[+-]\d\.\d\d "/);
});
