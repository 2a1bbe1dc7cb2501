/** TRL's trainers, where a Python has them, on a model that has moved from its reference: their losses are ours. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import type * as tf from "@tensorflow/tfjs";
import { unflattenHost } from "../../../lib/align/flat";
import { batchOf, mismatchedOf, zeroPoints } from "../../../lib/align/batch";
import { localCompute } from "../../../lib/align/compute";
import { chooseObjective } from "../../../lib/align/objective/registry";
import { referenceOf, type SideIds } from "../../../lib/align/pairIds";
import { computeLogps, weightedSums } from "../../../lib/align/completionLogps";
import { trainingPairs, type NamedPair } from "../../../lib/align/trainingPairs";
import { writeJsonl } from "../../../lib/base/jsonl";
import { startEngine } from "../../../lib/engine/backend";
import { writeCheckpoint } from "../../../lib/model/checkpoint";
import { relativeError } from "../../backends";
import { scratch } from "../../golden/fixtures";
import { python } from "../../cli/transformersLogps";
import { tinyPolicy, tokenized } from "../tiny";
import { moved } from "./moved";

const probe = "import trl.experimental.cpo, trl.experimental.orpo, datasets";
const hasTrl = spawnSync(python, ["-c", probe], { timeout: 120_000 }).status === 0;
const skip = hasTrl ? false : `${python} has no trl (1.16) and datasets; name a Python that has in MASK_DPO_PYTHON`;

/** Ours, and what is set on TRL's DPOTrainer for it; `null`: another trainer has it. */
const cases: [name: string, options: Record<string, number>, trl: Record<string, unknown> | null][] = [
  ["dpo", { beta: 0.1 }, {}],
  ["robust", { beta: 0.3, labelSmoothing: 0.1 }, { loss_types: ["robust"], beta: 0.3, label_smoothing: 0.1 }],
  ["hinge", { beta: 0.1 }, { loss_types: ["hinge"] }],
  ["ipo", { tau: 0.2 }, { loss_types: ["ipo"], beta: 0.2 }],
  ["dpo-norm", { beta: 2 }, { loss_types: ["sigmoid_norm"], beta: 2 }],
  ["ld-dpo", { beta: 0.1, alpha: 0.3 }, { ld_alpha: 0.3 }],
  ["apo-zero", { beta: 0.1 }, { loss_types: ["apo_zero"] }],
  ["apo-down", { beta: 0.1 }, { loss_types: ["apo_down"] }],
  ["bco-pair", { beta: 0.1 }, { loss_types: ["bco_pair"] }],
  ["nca", { beta: 0.1 }, { loss_types: ["nca_pair"] }],
  ["sppo-hard", { beta: 0.1 }, { loss_types: ["sppo_hard"] }],
  ["exo", { beta: 0.1, labelSmoothing: 0.001 }, { loss_types: ["exo_pair"], label_smoothing: 0.001 }],
  ["wpo", { beta: 0.1 }, { use_weighting: true }],
  ["sft", {}, { loss_types: ["sft"] }],
  ["dpo-sft", { beta: 0.1, alpha: 0.4 }, { loss_types: ["sigmoid", "sft"], loss_weights: [1, 0.4] }],
  ["cpo", { beta: 0.1, alpha: 0 }, null],
  ["simpo", { beta: 2, gammaRatio: 0.25 }, null],
  ["orpo", { lambda: 0.1 }, null],
];

/** Loss by pair, and the gradient of their sum. */
interface Step {
  losses: number[];
  gradient: Float32Array;
}

const kto = { lambdaDesirable: 1.2, lambdaUndesirable: 0.8 };

test("losses and gradients of TRL 1.16 under an overwritten completion_mask", { timeout: 600_000, skip }, async (t) => {
  await startEngine();
  const dir = scratch(t);
  const policy = tinyPolicy();
  const weights = moved(policy.weights, 0.05);
  const save = async (name: string, of: tf.Tensor1D) =>
    writeCheckpoint(
      path.join(dir, name),
      policy.model.config,
      unflattenHost(await of.data<"float32">(), policy.layout),
      policy.tokenizer.dir,
    );
  await save("policy", weights);
  await save("reference", policy.weights);
  const side = ({ ids, weights }: SideIds) => ({ ids: Array.from(ids), mask: Array.from(weights) });
  const write = (name: string, pairs: readonly NamedPair[]) =>
    writeJsonl(
      path.join(dir, name),
      pairs.map(({ chosen, rejected }) => ({ chosen: side(chosen), rejected: side(rejected) })),
    );
  const tokens = { pairs: tokenized(policy, 4), emptied: [] };
  const trained = (name: string, options: Record<string, number>) =>
    trainingPairs(tokens, chooseObjective(name, options), policy.model.config.maxPositions);
  const ofKto = trained("kto", kto);
  write("tokens.jsonl", trained("dpo", {}).pairs);
  write("mismatched.jsonl", ofKto.everything.slice(ofKto.mismatched));
  const asked = Object.fromEntries(cases.flatMap(([name, , trl]) => (trl ? [[name, trl]] : [])));
  writeFileSync(path.join(dir, "cases.json"), JSON.stringify(asked));
  writeFileSync(path.join(dir, "names.json"), JSON.stringify(policy.layout.names));
  const { status, stdout, stderr } = spawnSync(python, [path.join(__dirname, "trlLosses.py"), dir], {
    encoding: "utf8",
    maxBuffer: 1 << 26,
    env: { ...process.env, HF_HUB_OFFLINE: "1", TOKENIZERS_PARALLELISM: "false", HF_HOME: path.join(dir, "cache") },
  });
  assert.equal(status, 0, stderr);
  const losses = JSON.parse(stdout.trim().split("\n").at(-1)!) as Record<string, number[]>;
  const theirs = (name: string): Step => ({
    losses: losses[name]!,
    gradient: new Float32Array(Uint8Array.from(readFileSync(path.join(dir, `${name}.gradient`))).buffer),
  });

  const ours = async (name: string, options: Record<string, number>): Promise<Step> => {
    const training = trained(name, options);
    const compute = localCompute(policy.model, policy.layout, training.everything);
    const all = weightedSums(await computeLogps(compute, policy.weights, training.everything), training.everything);
    const members = training.pairs.map((_, i) => i);
    const mismatched = mismatchedOf(training, all);
    const zeros = mismatched && (await zeroPoints(compute, weights, mismatched, members, 2));
    const steps = compute.gradients(weights, [
      {
        members,
        objective: chooseObjective(name, options),
        reference: referenceOf(all, members),
        batch: batchOf(training.pairs, zeros),
        scale: 1,
      },
    ]);
    for await (const { gradient, log } of steps) {
      const values = await gradient.data<"float32">();
      gradient.dispose();
      return { losses: Array.from(log.losses), gradient: values };
    }
    throw new Error("no step");
  };
  const near = (name: string, ours: Step, theirs: Step) => {
    assert.equal(ours.losses.length, theirs.losses.length);
    ours.losses.forEach((loss, i) => {
      const wanted = theirs.losses[i]!;
      const what = `${name}, pair ${i}: ${loss}, TRL's ${wanted}`;
      assert.ok(Math.abs(loss - wanted) <= 1e-4 * Math.max(1, Math.abs(wanted)), what);
    });
    const apart = relativeError(ours.gradient, theirs.gradient);
    t.diagnostic(`${name}: gradients apart by ${apart.toExponential(1)}`);
    assert.ok(apart < 1e-4, `${name}: gradients apart by ${apart}`);
  };
  for (const [name, options] of cases) near(name, await ours(name, options), theirs(name));
  const { losses: sums, gradient } = await ours("kto", kto); // theirs is a mean over the items of four pairs
  const mean = { losses: [sums.reduce((a, b) => a + b, 0) / 8], gradient: gradient.map((slope) => slope / 8) };
  near("kto", mean, theirs("kto"));
  weights.dispose();
  policy.dispose();
});
