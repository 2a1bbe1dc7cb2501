/**
 * PEFT loads and merges adapters that we trained, and we read those that it saved: needs a Python with peft, else
 * skipped.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import path from "node:path";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { paperTraining } from "../../lib/align/trainOptions";
import { mergeVerb } from "../../lib/steps/merge";
import { trainVerb } from "../../lib/steps/train";
import { readCheckpoint } from "../../lib/model/checkpoint";
import { Transformer } from "../../lib/model/transformer";
import { uploadParams } from "../../lib/model/params";
import { adapted, loraScale, type LoraConfig } from "../../lib/model/adapter/lora";
import { readAdapter } from "../../lib/model/adapter/peft";
import { readSafetensors } from "../../lib/model/safetensors/safetensors";
import { relativeError } from "../backends";
import { writePairs } from "../cli/data";
import { scratch } from "../golden/fixtures";
import { goldenPath, readGolden } from "../golden/golden";
import { loraTargets } from "./goldenModels";

interface Vectors {
  forward: { ids: number[][]; positions: [number, number][] };
}
interface Answer {
  ours: number[][];
  oursLoaded: number;
  theirs: number[][];
}
/**
 * Adapters that we train, and options with which PEFT makes others: `all-linear` and leaving targets out are its own
 * ways to name them.
 */
const cases: { name: string; lora: LoraConfig; options: Record<string, unknown>; read: LoraConfig }[] = [
  {
    name: "llama-tied-mha",
    lora: { rank: 4, alpha: 8, targets: ["q_proj", "v_proj"], rslora: false },
    options: {},
    read: { rank: 8, alpha: 8, targets: ["q_proj", "v_proj"], rslora: false },
  },
  {
    name: "llama-gqa-llama3",
    lora: { rank: 3, alpha: 6, targets: loraTargets, rslora: true },
    options: { r: 4, lora_alpha: 6, target_modules: "all-linear", use_rslora: true },
    read: { rank: 4, alpha: 6, targets: [...loraTargets], rslora: true },
  },
  {
    name: "qwen2-gqa-tied",
    lora: { rank: 2, alpha: 5, targets: ["k_proj", "o_proj", "down_proj"], rslora: false },
    options: { r: 2, lora_alpha: 5, target_modules: ["down_proj", "gate_proj"], init_lora_weights: "gaussian" },
    read: { rank: 2, alpha: 5, targets: ["gate_proj", "down_proj"], rslora: false },
  },
];
const python = process.env.MASK_DPO_PYTHON ?? "python3";
const probe = spawnSync(
  python,
  ["-c", "import importlib.util as u; exit(not all(u.find_spec(m) for m in ('torch', 'transformers', 'peft')))"],
  { timeout: 60_000 },
);
const skip =
  probe.status === 0
    ? false
    : `${python} has no peft, transformers and torch; name a Python that has in MASK_DPO_PYTHON`;

function logitsWith(base: string, adapterDir: string, { ids, positions }: Vectors["forward"]): number[][] {
  const { config, tensors } = readCheckpoint(base);
  const adapter = readAdapter(adapterDir, config);
  const model = new Transformer(config);
  const params = uploadParams(tensors);
  const own = uploadParams(adapter.tensors);
  const T = ids[0]!.length;
  const V = config.vocabSize;
  const all = tf.tidy(() => model.logits(adapted(params, own, loraScale(adapter.config)), ids).dataSync());
  model.dispose();
  tf.dispose([params, own]);
  return positions.map(([row, t]) => Array.from(all.subarray((row * T + t) * V, (row * T + t + 1) * V)));
}

test(
  "PEFT computes and merges adapters of ours as we do, and we read its own",
  { skip, timeout: 240_000 },
  async (t) => {
    const dir = scratch(t);
    const at = (...parts: string[]) => path.join(dir, ...parts);
    const pairs = writePairs(at("pairs.jsonl"), 8);
    const queries: string[] = [];
    for (const { name, lora, options } of cases) {
      const base = goldenPath("models", name);
      const ours = at(name, "ours");
      await trainVerb({
        model: base,
        pairs,
        mask: "paper",
        options: { ...paperTraining, lr: 5e-2, batch: 4 },
        seed: 1,
        out: ours,
        lora,
      });
      mergeVerb({ model: base, adapter: ours, out: at(name, "ourMerged") });
      queries.push(
        JSON.stringify({
          base,
          ours,
          merged: at(name, "merged"),
          theirs: at(name, "theirs"),
          options,
          ...readGolden<Vectors>("models", name, "vectors.json").forward,
        }),
      );
    }
    const run = spawnSync(python, [path.join(__dirname, "load_adapter.py"), ...queries], {
      encoding: "utf8",
      maxBuffer: 1 << 26,
    });
    assert.equal(run.status, 0, run.stderr);
    const answers = run.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Answer);
    assert.equal(answers.length, cases.length);
    cases.forEach(({ name, lora, read }, i) => {
      const base = goldenPath("models", name);
      const { config, tensors } = readCheckpoint(base);
      const { forward } = readGolden<Vectors>("models", name, "vectors.json");
      const answer = answers[i]!;
      const apart = (a: number[][], b: number[][]) => {
        assert.equal(a.flat().length, b.flat().length);
        return a.flat().reduce((most, x, k) => Math.max(most, Math.abs(x - b.flat()[k]!)), 0);
      };
      assert.equal(answer.oursLoaded, 2 * lora.targets.length * config.layers);
      assert.deepEqual(readAdapter(at(name, "theirs"), config).config, read);
      const gaps = {
        ours: apart(logitsWith(base, at(name, "ours"), forward), answer.ours),
        theirs: apart(logitsWith(base, at(name, "theirs"), forward), answer.theirs),
      };
      const merged = readSafetensors(at(name, "merged/model.safetensors"));
      const ourMerged = readCheckpoint(at(name, "ourMerged")).tensors;
      assert.deepEqual([...merged.names].sort(), [...tensors.keys()].sort());
      const errors = merged.names.map((key) => relativeError(ourMerged.get(key)!.data, merged.get(key).data));
      const moved = merged.names.filter((key) => relativeError(merged.get(key).data, tensors.get(key)!.data) > 1e-3);
      t.diagnostic(
        `${name}: logits with our adapter ${gaps.ours.toExponential(1)} apart, ` +
          `with PEFT's ${gaps.theirs.toExponential(1)}; merged weights ${Math.max(...errors).toExponential(1)}`,
      );
      assert.ok(gaps.ours < 1e-4 && gaps.theirs < 1e-4 && Math.max(...errors) < 1e-6);
      assert.equal(moved.length, lora.targets.length * config.layers);
    });
  },
);
