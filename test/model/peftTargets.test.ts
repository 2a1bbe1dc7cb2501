/** target_modules as PEFT resolves them (golden/peftTargets.json), and adapters whose file has some layers only. */
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { readCheckpointConfig, openCheckpoint } from "../../lib/model/checkpoint";
import { initialAdapter, mergedTensors } from "../../lib/model/adapter/lora";
import { readAdapter, writeAdapter } from "../../lib/model/adapter/peft";
import { targetedModules, type TargetModules } from "../../lib/model/adapter/peftTargets";
import { loraTargets } from "../../lib/model/weights";
import { Rng } from "../../lib/base/rng";
import { editJson, scratch, userError } from "../golden/fixtures";
import { goldenPath, readGolden } from "../golden/golden";

type Case = { targets: TargetModules; modules: string[] | null };
const { versions: _, ...golden } = readGolden<Record<string, Case[]>>("peftTargets.json");
const base = goldenPath("models", "llama-gqa-llama3");
const model = readCheckpointConfig(base);

for (const [name, cases] of Object.entries(golden))
  test(`${name}: the modules that PEFT adapts`, () => {
    const config = readCheckpointConfig(goldenPath("models", name));
    for (const { targets, modules } of cases)
      assert.deepEqual(targetedModules(config, targets).sort(), modules ?? [], JSON.stringify(targets));
  });

test("the embedding and the head are named too, so that an adapter on them can be refused", () => {
  assert.deepEqual(targetedModules(model, ["lm_head", "embed_tokens"]), ["model.embed_tokens", "lm_head"]);
  assert.ok(targetedModules(model, ".*").includes("lm_head"));
});

test("a pattern of some layers: the adapter is merged into those, and into no others", (t) => {
  const dir = path.join(scratch(t), "adapter");
  const whole = initialAdapter(model, { rank: 2, alpha: 4, targets: ["q_proj", "v_proj"], rslora: false }, new Rng(1));
  for (const [name, { data }] of whole.tensors) if (name.includes("lora_B")) data.fill(0.5);
  const kept = [...whole.tensors].filter(([name]) => /layers\.[02]\..*q_proj/.test(name));
  writeAdapter(dir, { ...whole, tensors: new Map(kept) }, base);
  editJson(path.join(dir, "adapter_config.json"), (row) => {
    row["target_modules"] = String.raw`model\.layers\.(0|2)\.self_attn\.q_proj`;
  });
  const adapter = readAdapter(dir, model);
  assert.deepEqual([adapter.config.targets, [...adapter.tensors.keys()]], [["q_proj"], kept.map(([name]) => name)]);
  const open = openCheckpoint(base);
  const changed = [...mergedTensors(open, adapter)].filter(([name, { data }]) =>
    data.some((value, i) => value !== open.read(name).data[i]),
  );
  assert.deepEqual(
    changed.map(([name]) => name),
    ["model.layers.0.self_attn.q_proj.weight", "model.layers.2.self_attn.q_proj.weight"],
  );
  editJson(path.join(dir, "adapter_config.json"), (row) => {
    row["target_modules"] = ["layers.0.self_attn.q_proj"]; // PEFT would leave the other aside
  });
  assert.throws(() => readAdapter(dir, model), userError(/expected no tensors but lora_A .+layers\.2\.self_attn/));
});

test("a merged weight that is not finite is refused, whatever its parts", () => {
  const config = { rank: 2, alpha: 2, targets: loraTargets(model).slice(0, 1), rslora: false };
  const adapter = initialAdapter(model, config, new Rng(1));
  for (const { data } of adapter.tensors.values()) data.fill(2e38);
  const weight = mergedTensors(openCheckpoint(base), adapter).get("model.layers.0.self_attn.q_proj.weight")!;
  assert.throws(
    () => weight.data,
    userError(/finite numbers in weight model\.layers\.0\.self_attn\.q_proj\.weight with the adapter, got Infinity/),
  );
});
