/** transformers loads what `writeCheckpoint` wrote: needs a Python with transformers and torch, else skipped. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import path from "node:path";
import { test } from "node:test";
import { readCheckpoint, writeCheckpoint } from "../../lib/model/checkpoint";
import { scratch } from "../golden/fixtures";
import { type GoldenTensor, f32, goldenPath, readGolden } from "../golden/golden";
import { goldenModels } from "./goldenModels";

interface Vectors {
  forward: { ids: number[][]; positions: [number, number][]; logits: GoldenTensor };
}
interface Loaded {
  architecture: string;
  missing: string[];
  unexpected: string[];
  dtype: string;
  logits: number[][];
  text: string;
  ids: number[];
  eos: number;
  generationEos: number;
}
const names = goldenModels.filter((name) => name !== "internlm2-7b"); // its class is not transformers' own
const python = process.env.MASK_DPO_PYTHON ?? "python3";
const probe = spawnSync(
  python,
  ["-c", "import importlib.util as u; exit(not (u.find_spec('torch') and u.find_spec('transformers')))"],
  { timeout: 60_000 },
);
const skip =
  probe.status === 0 ? false : `${python} has no transformers and torch; name a Python that has in MASK_DPO_PYTHON`;

test("transformers loads our checkpoints: all weights, its own logits, its tokens", { skip, timeout: 120_000 }, (t) => {
  const dir = scratch(t);
  const queries = names.flatMap((name) => {
    const source = goldenPath("models", name);
    const { config, tensors } = readCheckpoint(source);
    writeCheckpoint(path.join(dir, name), config, tensors, source);
    const { ids, positions } = readGolden<Vectors>("models", name, "vectors.json").forward;
    return [path.join(dir, name), JSON.stringify({ ids, positions })];
  });
  const run = spawnSync(python, [path.join(__dirname, "load_checkpoint.py"), ...queries], {
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  assert.equal(run.status, 0, run.stderr);
  const loaded = run.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Loaded);
  loaded.forEach((got, i) => {
    const name = names[i]!;
    const { config, tokenizer } = readCheckpoint(path.join(dir, name));
    assert.deepEqual(
      [got.architecture, got.missing, got.unexpected, got.dtype],
      [config.architecture, [], [], "torch.float32"],
      name,
    );
    const expected = f32(readGolden<Vectors>("models", name, "vectors.json").forward.logits);
    got.logits
      .flat()
      .forEach((x, k) =>
        assert.ok(Math.abs(x - expected[k]!) < 2e-5, `${name}: logit ${k} is ${x}, was ${expected[k]}`),
      );
    assert.equal(got.logits.flat().length, expected.length);
    assert.deepEqual(tokenizer.encode(got.text).ids, got.ids, name);
    assert.deepEqual([got.eos, got.generationEos], [tokenizer.eosId, tokenizer.eosId], name);
  });
  assert.equal(loaded.length, names.length);
});
