/** What loading a checkpoint takes: no more memory than its weights and a little, however it is stored. */
import assert from "node:assert/strict";
import { closeSync, copyFileSync, mkdirSync, openSync, writeFileSync, writeSync } from "node:fs";
import path from "node:path";
import { before, test, type TestContext } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { projectRoot, typescriptLoader } from "../../lib/base/files";
import { startEngine } from "../../lib/engine/backend";
import { readCheckpoint } from "../../lib/model/checkpoint";
import { weightShapes } from "../../lib/model/weights";
import { parseConfig } from "../../lib/model/configFile";
import { loadPolicy } from "../../lib/model/policy";
import { onEveryBackend } from "../backends";
import { startNode } from "../cli/process";
import { scratch } from "../golden/fixtures";
import { goldenPath } from "../golden/golden";

const source = goldenPath("models", "llama-tied-mha");
const config = {
  architectures: ["LlamaForCausalLM"],
  hidden_size: 768,
  num_hidden_layers: 8,
  num_attention_heads: 12,
  num_key_value_heads: 4,
  intermediate_size: 2048,
  vocab_size: 8192,
  tie_word_embeddings: true,
  rope_theta: 10000,
  max_position_embeddings: 256,
};

/** A checkpoint of bfloat16 weights, all 0.01, in three shards as transformers writes them. Returns the bytes its weights take as float32. */
function writeShards(dir: string): number {
  mkdirSync(dir, { recursive: true });
  writeFileSync(path.join(dir, "config.json"), JSON.stringify(config));
  for (const name of ["tokenizer.json", "tokenizer_config.json"])
    copyFileSync(path.join(source, name), path.join(dir, name));
  const shapes = [...weightShapes(parseConfig(config, "config"))],
    weight_map: Record<string, string> = {};
  let total = 0;
  for (let shard = 0; shard < 3; shard++) {
    const file = `model-0000${shard + 1}-of-00003.safetensors`,
      mine = shapes.filter((_, i) => i % 3 === shard);
    const header: Record<string, unknown> = {};
    let offset = 0;
    for (const [name, shape] of mine) {
      const bytes = shape.reduce((a, b) => a * b, 2);
      header[name] = { dtype: "BF16", shape, data_offsets: [offset, (offset += bytes)] };
      weight_map[name] = file;
    }
    total += 2 * offset;
    const json = Buffer.from(JSON.stringify(header)),
      length = Buffer.alloc(8),
      fd = openSync(path.join(dir, file), "w");
    length.writeBigUInt64LE(BigInt(json.length));
    writeSync(fd, Buffer.concat([length, json]));
    const piece = new Uint16Array(1 << 20).fill(0x3c24); // 0.01
    for (let done = 0; done < offset; done += piece.byteLength)
      writeSync(fd, new Uint8Array(piece.buffer), 0, Math.min(piece.byteLength, offset - done));
    closeSync(fd);
  }
  writeFileSync(
    path.join(dir, "model.safetensors.index.json"),
    JSON.stringify({ metadata: { total_size: total / 2 }, weight_map }),
  );
  return total;
}

/** How much a fresh process grows at most while it loads a policy, bytes. */
async function growth(t: TestContext, dir: string): Promise<number> {
  const script = path.join(scratch(t), "load.ts"),
    at = (file: string) => JSON.stringify(path.join(projectRoot, file));
  writeFileSync(
    script,
    `import { startEngine } from ${at("lib/engine/backend")};
    import { loadPolicy } from ${at("lib/model/policy")};
    void startEngine().then(() => {
      loadPolicy(${JSON.stringify(source)}).dispose();
      const before = process.memoryUsage.rss();
      loadPolicy(${JSON.stringify(dir)});
      process.stdout.write(String(1024 * process.resourceUsage().maxRSS - before));
    });`,
  );
  const { code, stdout, stderr } = await startNode(["--require", typescriptLoader, script]).ended;
  assert.equal(code, 0, stderr);
  return Number(stdout);
}

before(() => startEngine());

test(
  "a sharded bfloat16 checkpoint: the process grows by at most 1.3 times its float32 weights",
  { timeout: 60_000, skip: process.platform === "linux" ? false : "resident size is counted otherwise" },
  async (t) => {
    if ((await startEngine()).name !== "native") return t.skip("only the native engine's memory is the process's own");
    const dir = path.join(scratch(t), "sharded"),
      weights = writeShards(dir),
      grown = await growth(t, dir);
    t.diagnostic(`${(weights / 1e6).toFixed(0)} MB of weights, grown by ${(grown / 1e6).toFixed(0)} MB`);
    assert.ok(grown > 0.9 * weights, "the weights themselves are there");
    assert.ok(grown < 1.3 * weights, `${(grown / weights).toFixed(2)} times the weights`);
  },
);

test(
  "an engine for large tensors gives back what they took",
  { timeout: 60_000, skip: process.platform === "linux" ? false : "resident size is counted otherwise" },
  async (t) => {
    if ((await startEngine()).name !== "native") return t.skip("only the native engine's memory is the process's own");
    const script = path.join(scratch(t), "large.ts"),
      at = (file: string) => JSON.stringify(path.join(projectRoot, file));
    writeFileSync(
      script,
      `import * as tf from ${at("node_modules/@tensorflow/tfjs")};
    import { startEngine } from ${at("lib/engine/backend")};
    void startEngine({ large: true }).then(() => {
      tf.tidy(() => tf.add(tf.ones([1000]), 1));
      const before = process.memoryUsage.rss(), ones = tf.tile(tf.ones([1]), [5e7]), twos = tf.add(ones, ones), most = process.memoryUsage.rss();
      tf.dispose([ones, twos]);
      process.stdout.write(JSON.stringify([most - before, process.memoryUsage.rss() - before]));
    });`,
    );
    const { code, stdout, stderr } = await startNode(["--require", typescriptLoader, script]).ended;
    assert.equal(code, 0, stderr);
    const [most, left] = JSON.parse(stdout) as [number, number];
    assert.ok(most > 3.9e8 && left < 0.1 * most, `${left} of ${most} bytes left`);
  },
);

onEveryBackend(
  "one array for all weights: they arrive whole, in the model's order",
  () => {
    const dir = goldenPath("models", "llama-gqa-llama3"),
      { tensors } = readCheckpoint(dir),
      count = tf.memory().numTensors;
    const policy = loadPolicy(dir);
    assert.deepEqual(Object.keys(policy.params), [...tensors.keys()]);
    for (const [name, { shape, data }] of tensors) {
      assert.deepEqual(policy.params[name]!.shape, shape);
      assert.deepEqual(policy.params[name]!.dataSync(), data, name);
    }
    policy.dispose();
    assert.equal(tf.memory().numTensors, count);
  },
  ["native", "wasm", "cpu"],
);
