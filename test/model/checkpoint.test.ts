/** Checkpoint folders: read, checked, written whole or not at all. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { projectRoot, typescriptLoader } from "../../lib/base/files";
import { type Checkpoint, readCheckpoint, writeCheckpoint } from "../../lib/model/checkpoint";
import { readSafetensors, writeSafetensors } from "../../lib/model/safetensors/safetensors";
import { weightShapes } from "../../lib/model/weights";
import { scratch, scratchCopy, userError } from "../golden/fixtures";
import { goldenPath } from "../golden/golden";
import { goldenModels } from "./goldenModels";
import { load } from "./loadTensors";

const names = goldenModels;
const tied = goldenPath("models", "llama-tied-mha");

for (const name of names) {
  test(`${name}: every weight of transformers' file, no more, and the same again after writing`, (t) => {
    const source = goldenPath("models", name);
    const checkpoint = readCheckpoint(source);
    assert.deepEqual(checkpoint.extra, []);
    assert.deepEqual([...checkpoint.tensors.keys()].sort(), [...readSafetensors(source).names].sort());
    const dir = path.join(scratch(t), "out", "model");
    writeCheckpoint(dir, checkpoint.config, checkpoint.tensors, source);
    const again = readCheckpoint(dir);
    assert.deepEqual(again.config, checkpoint.config);
    assert.deepEqual(again.tensors, checkpoint.tensors);
    assert.deepEqual(readFileSync(path.join(dir, "tokenizer.json")), readFileSync(path.join(source, "tokenizer.json")));
    assert.equal(again.tokenizer.chatTemplate, checkpoint.tokenizer.chatTemplate);
    assert.deepEqual(again.tokenizer.eosIds, checkpoint.tokenizer.eosIds);
    assert.deepEqual(readdirSync(path.dirname(dir)), ["model"]);
    const [theirs, ours] = [source, dir].map((of) => readFileSync(path.join(of, "config.json"), "utf8"));
    for (const [float] of theirs!.matchAll(/"\w+_softcapping": [\d.]+/g))
      assert.ok(ours!.includes(float), `${float}, as transformers' strict types want it`);
  });
}

test("gradients golden: names and shapes are the weights'", () => {
  for (const name of names) {
    const { config } = readCheckpoint(goldenPath("models", name));
    const gradients = readSafetensors(goldenPath("models", name, "gradients.safetensors"));
    for (const [weight, shape] of weightShapes(config))
      assert.deepEqual(gradients.shape(weight), shape, `${name} ${weight}`);
  }
});

test("tensors the model has no use for are reported, not used", (t) => {
  const dir = scratchCopy(t, "models", "llama-tied-mha");
  const weights = load(tied);
  weights.set("lm_head.weight", weights.get("model.embed_tokens.weight")!);
  writeSafetensors(path.join(dir, "model.safetensors"), weights);
  const { extra, tensors } = readCheckpoint(dir);
  assert.deepEqual(extra, ["lm_head.weight"]);
  assert.ok(!tensors.has("lm_head.weight"));
});

test("without generation_config.json the end tokens of the config are written", (t) => {
  const source = scratchCopy(t, "models", "llama-tied-mha");
  rmSync(path.join(source, "generation_config.json"));
  const { config, tensors } = readCheckpoint(source);
  const dir = path.join(scratch(t), "out");
  writeCheckpoint(dir, { ...config, eosIds: [318, 5] }, tensors, source);
  assert.deepEqual(JSON.parse(readFileSync(path.join(dir, "generation_config.json"), "utf8")), {
    bos_token_id: 317,
    eos_token_id: [318, 5],
    pad_token_id: 319,
  });
  assert.deepEqual(readCheckpoint(dir).tokenizer.eosIds, [318, 5]);
});

describe("writing", () => {
  const { config, tensors } = readCheckpoint(tied);
  const scaled = (factor: number) =>
    new Map([...tensors].map(([name, { shape, data }]) => [name, { shape, data: data.map((x) => x * factor) }]));
  const factorOf = (checkpoint: Checkpoint) =>
    checkpoint.tensors.get("model.norm.weight")!.data[0]! / tensors.get("model.norm.weight")!.data[0]!;

  /** A folder that an earlier writing left. */
  const written = (t: TestContext): string => {
    const dir = path.join(scratch(t), "copy");
    writeCheckpoint(dir, config, tensors, tied);
    return dir;
  };

  test("replaces a checkpoint, also the one its tokenizer comes from", (t) => {
    const dir = written(t);
    writeCheckpoint(dir, config, scaled(2), dir);
    assert.equal(factorOf(readCheckpoint(dir)), 2);
    assert.deepEqual(readdirSync(path.dirname(dir)), ["copy"]);
  });

  test("does not replace a checkpoint of another origin, nor what was put beside one of ours", (t) => {
    const other = scratchCopy(t, "models", "llama-tied-mha");
    const ours = written(t);
    mkdirSync(path.join(ours, "src"));
    writeFileSync(path.join(ours, "src", "index.ts"), "export {};");
    for (const dir of [other, ours]) {
      const before = readdirSync(dir, { recursive: true });
      assert.throws(() => writeCheckpoint(dir, config, scaled(2), tied), userError(/got a folder of other files/));
      assert.deepEqual(readdirSync(dir, { recursive: true }), before);
      assert.equal(factorOf(readCheckpoint(dir)), 1);
    }
    assert.throws(() => writeCheckpoint(ours, config, scaled(2), tied), userError(/names no "src\/index\.ts"/));
  });

  test("does not replace a folder of other files, but fills an empty one", (t) => {
    const dir = scratch(t);
    mkdirSync(path.join(dir, "papers"));
    writeFileSync(path.join(dir, "papers", "thesis.txt"), "years of work");
    assert.throws(
      () => writeCheckpoint(path.join(dir, "papers"), config, tensors, tied),
      userError(/got a folder of other files/),
    );
    assert.deepEqual(readdirSync(dir, { recursive: true }).sort(), ["papers", path.join("papers", "thesis.txt")]);
    mkdirSync(path.join(dir, "empty"));
    writeCheckpoint(path.join(dir, "empty"), config, tensors, tied);
    readCheckpoint(path.join(dir, "empty"));
  });

  test("that fails half-way leaves the old checkpoint and nothing else", (t) => {
    const dir = written(t);
    const source = path.join(scratch(t), "tokenizer");
    mkdirSync(path.join(source, "tokenizer.json"), { recursive: true }); // a folder cannot be copied as a file
    assert.throws(() => writeCheckpoint(dir, config, scaled(2), source), /EISDIR/);
    assert.equal(factorOf(readCheckpoint(dir)), 1);
    assert.deepEqual(readdirSync(path.dirname(dir)), ["copy"]);
  });

  test("weights that are not the model's are a mistake of the caller", (t) => {
    const dir = path.join(scratch(t), "out");
    const without = new Map([...tensors].slice(1));
    assert.throws(() => writeCheckpoint(dir, config, without, tied), /model\.embed_tokens\.weight is missing/);
    assert.throws(
      () =>
        writeCheckpoint(
          dir,
          config,
          new Map([...tensors, ["lm_head.weight", tensors.get("model.embed_tokens.weight")!]]),
          tied,
        ),
      /lm_head\.weight is .*not part of the model/,
    );
    assert.ok(!existsSync(dir));
  });

  test("killed between the two renames: the old checkpoint is put back on the next reading", (t) => {
    const dir = written(t);
    renameSync(dir, `${dir}.mask-dpo-old`);
    mkdirSync(`${dir}.mask-dpo-new`);
    assert.equal(factorOf(readCheckpoint(dir)), 1);
    writeCheckpoint(dir, config, scaled(3), tied);
    assert.deepEqual(readdirSync(path.dirname(dir)), ["copy"]);
  });

  test("killed at any moment, a whole checkpoint is there", { timeout: 30_000 }, async (t) => {
    const dir = written(t);
    const script = path.join(path.dirname(dir), "rewrite.ts");
    const module = JSON.stringify(path.join(projectRoot, "lib/model/checkpoint"));
    writeFileSync(
      script,
      `import { readCheckpoint, writeCheckpoint } from ${module};
      const { config, tensors } = readCheckpoint(${JSON.stringify(dir)});
      process.stdout.write("ready");
      for (;;) writeCheckpoint(${JSON.stringify(dir)}, config, tensors, ${JSON.stringify(dir)});`,
    );
    for (const delay of [3, 17, 40]) {
      const child = spawn(process.execPath, ["--require", typescriptLoader, script], {
        cwd: projectRoot,
        stdio: ["ignore", "pipe", "inherit"],
      });
      const exited = new Promise((resolve) => child.once("exit", resolve));
      await new Promise((resolve) => child.stdout.once("data", resolve));
      await sleep(delay);
      child.kill("SIGKILL");
      await exited;
      assert.equal(factorOf(readCheckpoint(dir)), 1, `killed after ${delay} ms`);
    }
  });
});
