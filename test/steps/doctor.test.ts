/** The verbs that look before they compute: doctor and plan. */
import assert from "node:assert/strict";
import { cpSync, existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { totalmem } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { chooseObjective } from "../../lib/align/objective/registry";
import { planMemory, type PlanRequest } from "../../lib/align/plan";
import { switchEngine } from "../../lib/engine/backend";
import { engineMemory } from "../../lib/engine/memory";
import { compare } from "../../lib/steps/doctor/engineChecks";
import { choosePlan, planLine, type MicrobatchChoice } from "../../lib/align/choosePlan";
import { readCheckpoint, storesHalves } from "../../lib/model/checkpoint";
import { readConfig } from "../../lib/model/configFile";
import { tinyModel, writePairs } from "../cli/data";
import * as here from "../cli/here";
import { run, succeed } from "../cli/process";
import { scratch, userError } from "../golden/fixtures";
import { goldenPath } from "../golden/golden";

test(
  "doctor: a sound engine passes every check, one that does not start fails with exit code 1",
  { timeout: 60_000 },
  async () => {
    const { code, stdout } = await run(["doctor"]);
    assert.equal(code, 0, stdout);
    for (const line of [
      /^engine +(native|Web)/m,
      /^speed +\d+ GFLOP\/s/m,
      /^ok +matrix product: relative error \d/m,
      /^ok +training step: gradient/m,
      /^ok +decoding: logits/m,
      /^ok +decoding: tokens: relative error 0/m,
      /^tfjs +\d+\.\d+/m,
    ])
      assert.match(stdout, line);
    const bad = await run(["doctor"], { ENGINE: "abacus" });
    assert.equal(bad.code, 1);
    assert.match(bad.stdout, /^FAILED engine starts: ENGINE: expected native \| wasm/m);
  },
);

test("a check fails for values that are off, not finite, or too few", () => {
  assert.ok(compare("x", [1, 2.0001], [1, 2]).ok);
  for (const values of [[1, 2.01], [1, NaN], [1]]) assert.equal(compare("x", values, [1, 2]).ok, false, String(values));
});

test("the microbatch: as asked for where there is room, lowered where there is little, else refused", () => {
  const { config } = readCheckpoint(tinyModel);
  const side = { ids: new Int32Array(200), promptLength: 50, weights: new Float32Array(200).fill(1, 50) };
  const request: PlanRequest = {
    config,
    objective: chooseObjective("dpo"),
    pairs: Array.from({ length: 16 }, () => ({ chosen: side, rejected: side })),
    batch: 16,
    workers: 0,
  };
  const totalOf = (size: number) => planMemory(request, size).total;
  const chosen = (choice: MicrobatchChoice, has: number) => choosePlan(request, choice, has).microbatch;
  assert.equal(chosen({ most: 8 }, totalOf(8) / 0.8 + 1), 8);
  assert.equal(chosen({ most: 8 }, totalOf(4) / 0.8 + 1), 4); // a fifth of room, since a plan is not exact
  assert.equal(chosen({ most: 6 }, Infinity), 6);
  assert.equal(chosen({ most: 8 }, totalOf(1)), 1); // tried without room, too
  assert.throws(
    () => chosen({ most: 8 }, totalOf(1) - 1),
    userError(
      /memory: expected at least 0\.\d\d GB, .*Keep less .*--gradient-checkpointing.*--lora-rank.*--microbatch 1/,
    ),
  );
  assert.equal(chosen({ most: 8, fixed: true }, 1), 8);
  assert.equal(chosen({ most: 8, memory: totalOf(16) }, 1), 16);
  assert.throws(() => chosen({ most: 8, memory: 1e6 }, Infinity), userError(/--memory: expected at least/));
  assert.equal(
    planLine(planMemory(request, 4), planMemory(request, 4)),
    `memory, planned: ${(totalOf(4) / 1e9).toFixed(2)} GB at the peak, with 4 pairs in a microbatch`,
  );
  assert.match(
    planLine(planMemory(request, 4), planMemory(request, 8)),
    / with 4 pairs in a microbatch \(8 would take 0\.\d\d GB\)$/,
  );
});

test("memory: of WebAssembly 4 GiB a process, and never more than the machine's", async () => {
  await switchEngine("wasm");
  assert.equal(engineMemory(), Math.min(2 ** 32, totalmem(), process.constrainedMemory() || Infinity));
  assert.ok(engineMemory(1e6) <= totalmem());
});

test("frozen halves are planned by the weights' headers, and by config.json where there are none yet", (t) => {
  const half = goldenPath("models", "llama-3.2-1b");
  const whole = goldenPath("models", "llama-tied-mha");
  const configOf = (dir: string) => readConfig(path.join(dir, "config.json"));
  assert.ok(storesHalves(half, configOf(half)) && !storesHalves(whole, configOf(whole)));
  for (const [source, key, value, expected] of [
    [half, "dtype", "bfloat16", true],
    [half, "torch_dtype", "float16", true],
    [half, "dtype", "float32", false],
    [whole, "dtype", undefined, false],
  ] as const) {
    const dir = scratch(t);
    const { dtype: _, ...config } = JSON.parse(readFileSync(path.join(source, "config.json"), "utf8")) as Record<
      string,
      unknown
    >;
    writeFileSync(path.join(dir, "config.json"), JSON.stringify({ ...config, [key]: value }));
    assert.equal(storesHalves(dir, configOf(dir)), expected);
  }
});

test(
  "plan: tables by microbatch and stage, without reading weights; train prints its line first",
  { timeout: 60_000 },
  async (t) => {
    const dir = scratch(t);
    const pairs = writePairs(path.join(dir, "pairs.jsonl"), 12);
    const model = path.join(dir, "model");
    cpSync(tinyModel, model, { recursive: true });
    rmSync(path.join(model, "model.safetensors"));
    const text = await succeed(["plan", "--model", model, "--pairs", pairs, "--batch", "8", "--memory", "2GB"]);
    assert.match(text, /Microbatch +Peak \(GB\) +Fits 2\.0 GB/);
    assert.deepEqual(text.match(/\d+(?= +0\.\d\d +yes)/g), ["1", "2", "4", "8"]);
    assert.match(text, /8 pairs in a microbatch/);
    for (const part of ["weights", "optimizer", "gradients", "activations", "logits", "checkpoint", "program", "all"])
      assert.match(text, new RegExp(`^${part} +0\\.\\d\\d`, "m"));
    assert.match(
      await here.succeed(["plan", "--model", model, "--pairs", pairs, "--lora-rank", "4", "--microbatch", "2"]),
      /2 pairs in a microbatch/,
    );
    await here.refuse(
      ["plan", "--model", model, "--pairs", pairs, "--memory", "100MB"],
      /--memory: expected at least 0\.\d+ GB.*Keep less .*--gradient-checkpointing.*--lora-rank/,
    );
    assert.deepEqual(readdirSync(dir).sort(), ["model", "pairs.jsonl"]);
    const out = await here.succeed([
      "train",
      "--model",
      tinyModel,
      "--pairs",
      pairs,
      "--out",
      path.join(dir, "out"),
      "--epochs",
      "1",
      "--batch",
      "4",
    ]);
    assert.match(out, /^memory, planned: 0\.\d\d GB at the peak, with 4 pairs in a microbatch\n12 of 12 pairs/);
    assert.match(
      await here.succeed([
        "train",
        "--model",
        tinyModel,
        "--pairs",
        pairs,
        "--out",
        path.join(dir, "fits"),
        "--epochs",
        "1",
        "--batch",
        "4",
        "--memory",
        "2GB",
      ]),
      /with 4 pairs in a microbatch\n12 of 12 pairs/,
    );
    assert.match(
      (
        await here.run([
          "train",
          "--pairs",
          pairs,
          "--out",
          path.join(dir, "none"),
          "--memory",
          "2GB",
          "--microbatch",
          "2",
        ])
      ).stderr,
      /'--memory <size>' cannot be used with option '--microbatch <n>'/,
    );
    await here.refuse(
      ["train", "--model", tinyModel, "--pairs", pairs, "--out", path.join(dir, "none"), "--memory", "100MB"],
      /--memory: expected at least 0\.\d+ GB/,
    );
    assert.ok(!existsSync(path.join(dir, "none.run")));
  },
);
