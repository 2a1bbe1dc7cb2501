/** What a notebook opens: choices first, then the environment, then the engine's own size. */
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { defaultPreset } from "../../lib/lab/preset";
import { openSession } from "../../lib/lab/session";
import { userError } from "../golden/fixtures";

const variables = ["MASK_DPO_PRESET", "MASK_DPO_SEED", "MASK_DPO_RUNS", "MASK_DPO_FIGURES"] as const;
const before = Object.fromEntries(variables.map((name) => [name, process.env[name]]));
function environment(values: Partial<Record<(typeof variables)[number], string>>): void {
  for (const name of variables) {
    const value = values[name];
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}
afterEach(() => environment(before));

test("choices given win over the environment, which wins over the defaults", async () => {
  environment({});
  const plain = await openSession();
  assert.deepEqual([plain.preset.name, plain.seed], [defaultPreset(plain.engine.name), 1]);
  environment({ MASK_DPO_PRESET: "smoke", MASK_DPO_SEED: "7", MASK_DPO_RUNS: "/r", MASK_DPO_FIGURES: "/f" });
  const asked = await openSession();
  assert.deepEqual([asked.preset.name, asked.seed, asked.runs, asked.figures], ["smoke", 7, "/r", "/f"]);
  const chosen = await openSession({ preset: "small", seed: 9 });
  assert.deepEqual([chosen.preset.name, chosen.seed], ["small", 9]);
  assert.equal(chosen.atlas, asked.atlas);
  assert.equal(chosen.engine, asked.engine);
});

test("a seed that is no whole number and an unknown preset are errors", async () => {
  environment({ MASK_DPO_SEED: "three" });
  await assert.rejects(openSession(), userError(/MASK_DPO_SEED: expected a whole number, got three/));
  environment({ MASK_DPO_PRESET: "huge" });
  await assert.rejects(
    openSession(),
    userError(/--preset: expected smoke \| small \| quick \| medium \| hour \| full, got huge/),
  );
});
