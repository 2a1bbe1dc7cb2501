/** Objectives of the hand-off: which are carried, with what, and, where a Python has torch, that theirs are ours. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { chooseObjective, defineObjective, objectiveNamed, objectives } from "../../../lib/align/objective/registry";
import { paperTraining } from "../../../lib/align/trainOptions";
import { trainRun } from "../../../lib/align/trainRun";
import { projectRoot } from "../../../lib/base/files";
import { startEngine } from "../../../lib/engine/backend";
import { exportTorchVerb } from "../../../lib/steps/export";
import { tinyModel, tinyPairs, writePairs } from "../../cli/data";
import { rowsOf } from "../../cli/process";
import { hasTorch, python } from "../../cli/transformersLogps";
import { scratch, userError } from "../../golden/fixtures";
import { goldenPath } from "../../golden/golden";
import { golden } from "../objective/goldenPairs";
import { filesOf } from "./handoffFiles";

const request = (dir: string, name: string, options: Record<string, number> = {}) => ({
  policyDir: tinyModel,
  pairs: writePairs(path.join(dir, "pairs.jsonl"), 8),
  mask: "paper" as const,
  options: {
    ...paperTraining,
    objective: chooseObjective(name, options),
    batch: 3,
    epochs: 1,
    lr: 1e-3,
    microbatch: 2,
  },
  seed: 1,
  out: path.join(dir, name),
});

test("an objective is carried with its options, weights and labels, or refused by what it needs", (t) => {
  const dir = scratch(t);
  const needs = { tdpo1: "forwardKl", tdpo2: "forwardKl", wpo: "alignment", kto: "zero", fkto: "sentences and zero" };
  for (const { name } of objectives) {
    const need = (needs as Partial<Record<string, string>>)[name];
    if (need) {
      const message = new RegExp(
        `--objective: expected one that the PyTorch recipes carry, .+, got ${name}, .+ ${need}\\.`,
      );
      assert.throws(() => exportTorchVerb(request(dir, name)), userError(message));
      continue;
    }
    exportTorchVerb(request(dir, name));
    const { recipe } = filesOf(path.join(dir, name));
    assert.deepEqual([recipe["objective"], recipe["options"]], [name, chooseObjective(name).options]);
  }
  exportTorchVerb(request(dir, "kto", { z0: 0 }));
  const own = defineObjective({ ...objectiveNamed("dpo"), name: "mine" });
  assert.throws(() => exportTorchVerb(request(dir, own)), userError(/expected one that .+, got .*mine.*\./));
  const weights = (name: string) =>
    filesOf(path.join(dir, name)).tokens.map(({ chosen, rejected }) => [chosen.mask, rejected.mask]);
  assert.ok(
    weights("dpo")
      .flat(2)
      .every((weight) => weight === 0 || weight === 1),
  );
  assert.ok(weights("ld-dpo").flat(2).includes(0.5));
  const labels = rowsOf<Record<"chosen" | "rejected", { label: number }>>(path.join(dir, "f-dpo/tokens.jsonl"));
  assert.deepEqual(
    labels.map(({ chosen, rejected }) => [chosen.label, rejected.label]),
    tinyPairs(8).map(() => [1, 1]),
  );
});

const skip = hasTorch ? false : `${python} has no torch; name a Python that has in MASK_DPO_PYTHON`;
type Result = (typeof golden)["results"][number];

test("losses and gradients of objectives.py are the golden ones to 1e-12", { skip }, () => {
  const theirs = path.join(projectRoot, "lib/align/torch/objectives.py");
  const { status, stdout, stderr } = spawnSync(
    python,
    [path.join(__dirname, "objectives.py"), theirs, goldenPath("objectives.json")],
    { encoding: "utf8", maxBuffer: 1 << 26 },
  );
  assert.equal(status, 0, stderr);
  const rows = JSON.parse(stdout) as Result[];
  const key = ({ objective, options, weighting }: Result) => JSON.stringify([objective, options, weighting]);
  const wanted = new Map(golden.results.map((result) => [key(result), result]));
  assert.ok(new Set(rows.map(({ objective }) => objective)).size >= 22);
  for (const row of rows) {
    const numbers = ({ losses, gradients }: Result) => [
      ...losses,
      ...gradients.flatMap(({ chosen, rejected }) => [...chosen, ...rejected]),
    ];
    const expected = numbers(wanted.get(key(row))!);
    numbers(row).forEach((value, i) =>
      assert.ok(Math.abs(value - expected[i]!) <= 1e-12 * Math.max(1, Math.abs(expected[i]!)), `${key(row)} ${i}`),
    );
  }
});

test(
  "both programs train other objectives to our losses, with batches that do not divide",
  { timeout: 600_000, skip },
  async (t) => {
    const dir = scratch(t);
    await startEngine();
    const env = {
      ...process.env,
      HF_HUB_OFFLINE: "1",
      TOKENIZERS_PARALLELISM: "false",
      HF_HOME: path.join(dir, "cache"),
    };
    const launch = (out: string, program: string, ...flags: string[]) =>
      spawnSync(python, [path.join(out, program), ...flags], { encoding: "utf8", env, maxBuffer: 1 << 26 });
    const probe = spawnSync(python, ["-c", "import trl, datasets, peft"], { timeout: 120_000 });
    for (const [name, options, trl] of [
      ["f-dpo", { lambda: 3 }, false],
      ["orpo", {}, false],
      ["ipo", { tau: 0.3 }, true],
      ["ld-dpo", { alpha: 0.3 }, true],
    ] as const) {
      const run = request(dir, name, options);
      exportTorchVerb(run);
      const { logs } = await trainRun({ ...run, pairs: tinyPairs(8), out: path.join(dir, `${name}-ours`) });
      const near = (theirs: number[], program: string) => {
        assert.equal(theirs.length, logs.length);
        theirs.forEach((loss, i) =>
          assert.ok(Math.abs(loss - logs[i]!.loss) < 1e-4 * Math.max(1, loss), `${program} ${name} step ${i}: ${loss}`),
        );
      };
      const loop = launch(run.out, "train.py", "--model", tinyModel, "--out", path.join(dir, `${name}-loop`));
      assert.equal(loop.status, 0, loop.stderr);
      near(
        rowsOf<{ loss: number }>(path.join(dir, `${name}-loop/log.jsonl`)).map(({ loss }) => loss),
        "train.py",
      );
      if (probe.status !== 0) continue;
      const trained = launch(
        run.out,
        "train_trl.py",
        ...["--model_name_or_path", tinyModel, "--output_dir", path.join(dir, `${name}-trl`)],
        ...["--use_cpu", "--bf16", "False", "--logging_steps", "1", "--save_strategy", "no"],
      );
      if (!trl) {
        assert.match(trained.stderr, new RegExp(`expected an objective that TRL's DPOTrainer has .+, got ${name}\\.`));
        continue;
      }
      assert.equal(trained.status, 0, trained.stderr);
      const { log_history } = JSON.parse(readFileSync(path.join(dir, `${name}-trl/trainer_state.json`), "utf8")) as {
        log_history: Record<string, number>[];
      };
      near(
        log_history.filter((log) => "loss" in log).map((log) => log["loss"]!),
        "train_trl.py",
      );
    }
  },
);
