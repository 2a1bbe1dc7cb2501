/** TRL's trainers, where a Python has them, on a model that has moved from its reference: their losses are ours. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { mismatchedOf, zeroPoints } from "../../../lib/align/batch";
import { unflattenHost } from "../../../lib/align/flat";
import { batchOf } from "../../../lib/align/batch";
import { localCompute } from "../../../lib/align/compute";
import { chooseObjective } from "../../../lib/align/objective/registry";
import type { SideIds } from "../../../lib/align/pairIds";
import { referenceOf } from "../../../lib/align/pairIds";
import { computeLogps, weightedSums } from "../../../lib/align/reference";
import { trainingPairs, type NamedPair } from "../../../lib/align/trainingPairs";
import { writeJsonl } from "../../../lib/base/jsonl";
import { startEngine } from "../../../lib/engine/backend";
import { writeCheckpoint } from "../../../lib/model/checkpoint";
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

test("losses of TRL 1.16 under an overwritten completion_mask", { timeout: 600_000, skip }, async (t) => {
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
  const kto = { name: "kto", options: { lambdaDesirable: 1.2, lambdaUndesirable: 0.8 } };
  const tokens = { pairs: tokenized(policy, 4), emptied: [] };
  const trained = (name: string, options: Record<string, number>) =>
    trainingPairs(tokens, chooseObjective(name, options), policy.model.config.maxPositions);
  const ofKto = trained(kto.name, kto.options);
  write("tokens.jsonl", trained("dpo", {}).pairs);
  write("mismatched.jsonl", ofKto.everything.slice(ofKto.mismatched));
  const asked = Object.fromEntries(cases.flatMap(([name, , trl]) => (trl ? [[name, trl]] : [])));
  writeFileSync(path.join(dir, "cases.json"), JSON.stringify(asked));
  const { status, stdout, stderr } = spawnSync(python, [path.join(__dirname, "trl.py"), dir], {
    encoding: "utf8",
    maxBuffer: 1 << 26,
    env: { ...process.env, HF_HUB_OFFLINE: "1", TOKENIZERS_PARALLELISM: "false", HF_HOME: path.join(dir, "cache") },
  });
  assert.equal(status, 0, stderr);
  const theirs = JSON.parse(stdout.trim().split("\n").at(-1)!) as Record<string, number[]> & { kto: number };

  /** Ours of all pairs. */
  const lossesOf = async (name: string, options: Record<string, number>) => {
    const training = trained(name, options);
    const compute = localCompute(policy.model, policy.layout, training.everything);
    const all = weightedSums(await computeLogps(compute, policy.weights, training.everything), training.everything);
    const members = training.pairs.map((_, i) => i);
    const mismatched = mismatchedOf(training, all);
    const zeros = mismatched && (await zeroPoints(compute, weights, mismatched, members, 2));
    if (mismatched) t.diagnostic(`z0 ${zeros!.zero}`);
    const objective = chooseObjective(name, options);
    const batch = batchOf(training.pairs, zeros);
    const steps = compute.gradients(weights, [
      { members, objective, reference: referenceOf(all, members), batch, scale: 1 },
    ]);
    for await (const { gradient, log } of steps) {
      gradient.dispose();
      return Array.from(log.losses);
    }
    return [];
  };
  const near = (ours: number, theirs: number, what: string) =>
    assert.ok(Math.abs(ours - theirs) <= 1e-4 * Math.max(1, Math.abs(theirs)), `${what}: ${ours}, TRL's ${theirs}`);
  for (const [name, options] of cases) {
    const ours = await lossesOf(name, options);
    assert.equal(theirs[name]!.length, 4);
    ours.forEach((loss, i) => near(loss, theirs[name]![i]!, `${name}, pair ${i}`));
  }
  const ours = await lossesOf(kto.name, kto.options);
  near(ours.reduce((a, b) => a + b, 0) / 8, theirs.kto, "kto, a mean over items");
  weights.dispose();
  policy.dispose();
});
