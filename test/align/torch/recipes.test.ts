/** The recipes of the hand-off, run in PyTorch where there is one. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { paperTraining } from "../../../lib/align/trainOptions";
import { trainRun } from "../../../lib/align/trainRun";
import { projectRoot } from "../../../lib/base/files";
import { writeJsonl } from "../../../lib/base/jsonl";
import { startEngine } from "../../../lib/engine/backend";
import { readCheckpoint } from "../../../lib/model/checkpoint";
import { readAdapter } from "../../../lib/model/adapter/peft";
import { exportTorchVerb } from "../../../lib/steps/export";
import { logpsVerb } from "../../../lib/steps/logps";
import { tinyModel } from "../../cli/data";
import { rowsOf } from "../../cli/process";
import { scratch } from "../../golden/fixtures";
import { atlasPairs } from "../atlasPairs";

const python = process.env.MASK_DPO_PYTHON ?? "python3";
/** Why a test that needs these packages is skipped, or false. */
const without = (...packages: string[]) => {
  const probe = `import importlib.util as u; exit(not all(map(u.find_spec, ${JSON.stringify(packages)})))`;
  return spawnSync(python, ["-c", probe], { timeout: 60_000 }).status === 0
    ? false
    : `${python} has no ${packages.join(", ")}; name a Python that has in MASK_DPO_PYTHON`;
};
const base = path.join(projectRoot, "data/atlas/base");

test(
  "in PyTorch: ten losses within 1e-4 of ours; the checkpoint is read back",
  { timeout: 900_000, skip: without("torch", "transformers", "accelerate") },
  async (t) => {
    const dir = scratch(t);
    const at = (name: string) => path.join(dir, name);
    const rows = await atlasPairs(301);
    const pairs = at("pairs.jsonl");
    writeJsonl(pairs, rows);
    // 31 pairs a step and 22 in the last: two processes never have as many. A decay of 1 tells whether norms decay too,
    // as ours do
    const run = {
      mask: "paper" as const,
      options: { ...paperTraining, batch: 31, epochs: 1, lr: 1e-4, weightDecay: 1 },
      seed: 5,
    };
    assert.equal(exportTorchVerb({ ...run, policyDir: base, pairs, out: at("torch") }).steps, 10);
    await startEngine();
    const { logs } = await trainRun({ ...run, policyDir: base, pairs: rows, out: at("ours") });
    assert.equal(logs.length, 10);
    assert.ok(logs[9]!.loss < logs[0]!.loss - 0.02, "they learn something");

    const env = {
      ...process.env,
      OMP_NUM_THREADS: "1",
      HF_HUB_OFFLINE: "1",
      TOKENIZERS_PARALLELISM: "false",
      HF_HOME: at("cache"),
    };
    const launch = (processes: number, program: string, ...flags: string[]) => {
      const launcher =
        processes > 1 ? ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", String(processes)] : [];
      return spawnSync(python, [...launcher, at(`torch/${program}`), ...flags], {
        encoding: "utf8",
        env,
        maxBuffer: 1 << 26,
      });
    };
    const trl = (processes: number, model: string, name: string, ...flags: string[]) =>
      launch(
        processes,
        "train_trl.py",
        "--model_name_or_path",
        model,
        "--output_dir",
        at(name),
        "--use_cpu",
        "--bf16",
        "False",
        "--logging_steps",
        "1",
        "--save_strategy",
        "no",
        ...flags,
      );
    type Sums = Record<"chosenLogps" | "rejectedLogps", number>;
    const sums = (lines: readonly Sums[]) =>
      lines.flatMap(({ chosenLogps, rejectedLogps }) => [chosenLogps, rejectedLogps]);
    const logpsOf = async (model: string, name: string) => {
      await logpsVerb({ model, pairs, mask: "paper", seed: 5, out: at(name) });
      return sums(rowsOf<Sums>(at(name)));
    };
    const apart = (a: readonly number[], b: readonly number[]) => {
      assert.equal(a.length, b.length);
      return Math.max(...a.map((x, i) => Math.abs(x - b[i]!)));
    };
    const before = await logpsOf(base, "before.jsonl");
    const after = await logpsOf(at("ours"), "after.jsonl");
    assert.ok(apart(before, after) > 1);

    /** Compares steps and the checkpoint left in `name` with ours; returns the latter's sums of log-probabilities. */
    const compare = async (
      t: TestContext,
      name: string,
      theirs: readonly Record<"loss" | "margin" | "gradNorm", number>[],
    ) => {
      const gap = (key: "loss" | "margin" | "gradNorm") =>
        apart(
          logs.map((log) => log[key]),
          theirs.map((log) => log[key]),
        );
      const trained = await logpsOf(at(name), `${name}.jsonl`);
      const [loss, margin, norm] = [gap("loss"), gap("margin"), gap("gradNorm")].map((x) => x.toExponential(1));
      t.diagnostic(
        `ten steps, largest differences: loss ${loss}, margin ${margin}, gradient norm ${norm}; ` +
          `sums of log-probabilities after them ${apart(after, trained).toExponential(1)} ` +
          `(training moved them by up to ${apart(before, after).toFixed(1)})`,
      );
      assert.ok(gap("loss") < 1e-4 && gap("margin") < 1e-3 && gap("gradNorm") < 1e-3 && apart(after, trained) < 1e-2);
      assert.deepEqual(readCheckpoint(at(name)).config, readCheckpoint(base).config);
      return trained;
    };

    await t.test("the loop, in two processes", async (t) => {
      const { status, stdout, stderr } = launch(
        2,
        "train.py",
        "--model",
        base,
        "--out",
        at("loop"),
        "--microbatch",
        "8",
      );
      assert.equal(status, 0, stderr);
      assert.match(stdout, /^2 processes, DistributedType\.MULTI_CPU/);
      const trained = await compare(t, "loop", rowsOf(at("loop/log.jsonl")));
      const asked = spawnSync(python, [path.join(projectRoot, "test/cli/logps.py"), at("loop"), pairs, "paper"], {
        encoding: "utf8",
        maxBuffer: 1 << 26,
      });
      assert.equal(asked.status, 0, asked.stderr);
      const byTransformers = sums(
        asked.stdout
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line) as Sums),
      );
      const gaps = [apart(sums(rowsOf(at("loop/reference.jsonl"))), before), apart(byTransformers, trained)] as const;
      t.diagnostic(
        `sums of log-probabilities, largest differences: reference ${gaps[0].toExponential(1)}, ` +
          `their checkpoint here and in transformers ${gaps[1].toExponential(1)}`,
      );
      assert.ok(Math.max(...gaps) < 1e-3);
      const other = launch(1, "train.py", "--model", tinyModel, "--out", at("other"));
      assert.equal(other.status, 1);
      assert.match(other.stderr, /llama-tied-mha: expected the tokenizer\.json that the ids came from, got another\./);
    });

    const skip = without("trl", "datasets", "peft");
    const logged = (name: string) => {
      const { log_history } = JSON.parse(readFileSync(at(`${name}/trainer_state.json`), "utf8")) as {
        log_history: Record<string, number>[];
      };
      return log_history
        .filter((log) => "loss" in log)
        .map((log) => ({ loss: log["loss"]!, margin: log["rewards/margins"]!, gradNorm: log["grad_norm"]! }));
    };
    await t.test(
      "TRL in two processes, of which the last step leaves one with a batch of filling; the reference is precomputed",
      { skip },
      async (t) => {
        const { status, stderr } = trl(
          2,
          base,
          "trl2",
          "--per_device_train_batch_size",
          "8",
          "--precompute_ref_log_probs",
          "--activation_checkpointing",
          "False",
        );
        assert.equal(status, 0, stderr);
        await compare(t, "trl2", logged("trl2"));
        const other = trl(1, tinyModel, "other");
        assert.equal(other.status, 1);
        assert.match(
          other.stderr,
          /llama-tied-mha: expected the tokenizer\.json that the ids came from, got another\./,
        );
      },
    );
    await t.test("TRL in one process, with a reference model and activation checkpointing", { skip }, async (t) => {
      const { status, stderr } = trl(1, base, "trl1");
      assert.equal(status, 0, stderr);
      await compare(t, "trl1", logged("trl1"));
    });
    await t.test("TRL trains an adapter, which is read here", { skip }, () => {
      const { status, stderr } = trl(
        1,
        base,
        "lora",
        "--use_peft",
        "--lora_r",
        "4",
        "--lora_target_modules",
        "q_proj",
        "v_proj",
        "--max_steps",
        "2",
      );
      assert.equal(status, 0, stderr);
      const { config, tensors } = readAdapter(at("lora"), readCheckpoint(base).config);
      assert.deepEqual(config, { rank: 4, alpha: 32, targets: ["q_proj", "v_proj"], rslora: false });
      for (const [name, { data }] of tensors)
        assert.ok(
          data.some((x) => x !== 0),
          name,
        );
    });
  },
);
