/** What is measured: real pairs of Atlas, and a seeded checkpoint of 30M parameters with pairs of random ids. */
import { existsSync, mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import type * as tf from "@tensorflow/tfjs";
import type { PairCompute } from "../../lib/align/compute";
import { pooledCompute } from "../../lib/align/processes/pool";
import { flatLayout, flatten } from "../../lib/align/flat";
import { computeLogps, weightedSums } from "../../lib/align/completionLogps";
import type { ReferenceLogps } from "../../lib/align/pairIds";
import { batchMembers } from "../../lib/align/train";
import { paperTraining, type TrainOptions } from "../../lib/align/trainOptions";
import { writeFileAtomic } from "../../lib/base/files";
import { Rng } from "../../lib/base/rng";
import { constructPreferences, tokenizePreferences } from "../../lib/paper/pairs";
import { preset } from "../../lib/lab/preset";
import { openSession, type Session } from "../../lib/lab/session";
import { writeCheckpoint } from "../../lib/model/checkpoint";
import type { TransformerConfig } from "../../lib/model/config";
import { loadPolicy, type Policy } from "../../lib/model/policy";
import type { TokenizedPair } from "../../lib/preference/collate";
import { chooseObjective } from "../../lib/align/objective/registry";
import { benchFolder } from "./peers";
import { largeConfig, randomPairs, seededTensors } from "./seeded";

/** A session whose runs stay in the benchmark's own folder: one set of candidates, whichever engine asks. */
export async function benchSession(): Promise<Session> {
  const session = await openSession({ preset: "small", seed: 1 });
  return {
    ...session,
    engine: { ...session.engine, name: "native" },
    runs: path.join(benchFolder, "runs"),
    preset: { ...preset("small"), topics: 900, candidates: 16 },
  };
}

/** A policy, pairs in the order of the steps, and what both sides need of them. */
export interface TrainingWork {
  name: string;
  policy: Policy;
  initial: tf.Tensor1D;
  compute: PairCompute;
  pairs: TokenizedPair[];
  reference: ReferenceLogps;
  options: TrainOptions;
  seed: number;
  /** folder of the adapter that is trained, as it begins; none where all weights are */
  adapter?: string;
  gradientCheckpointing?: boolean;
}

/** About 900 pairs under the paper's mask, and the shipped base. */
export async function atlasWork(workers?: number): Promise<TrainingWork> {
  const session = await benchSession();
  const { pairs } = tokenizePreferences(session, (await constructPreferences(session)).pairs, "paper");
  return prepare(
    "Atlas base (1M), batch 64",
    session.baseDir,
    pairs,
    { ...paperTraining, objective: chooseObjective("dpo", { beta: 0.5 }), lr: 1e-4, epochs: 4 },
    workers,
  );
}

/** 30M parameters, 8 layers, grouped-query attention, 32k vocabulary, sequences up to 256 tokens, batch 8. */
export async function largeWork(count: number): Promise<TrainingWork> {
  return prepare(
    "30M, 8 layers, 32k vocabulary, T = 256, batch 8",
    await seededCheckpoint("30M", largeConfig),
    randomPairs(largeConfig, count, { prompt: 32, shortest: 128, longest: 256 }),
    { ...paperTraining, lr: 1e-4, epochs: 4, batch: 8, microbatch: 4 },
  );
}

/** Writes Normal(0, 0.02) weights as a Hugging Face folder, once. */
export async function seededCheckpoint(name: string, config: TransformerConfig): Promise<string> {
  const dir = path.join(benchFolder, "models", name);
  if (!existsSync(path.join(dir, "model.safetensors")))
    writeCheckpoint(dir, config, seededTensors(name, config), (await openSession({ preset: "smoke" })).baseDir);
  return dir;
}

async function prepare(
  name: string,
  dir: string,
  pairs: TokenizedPair[],
  options: TrainOptions,
  workers?: number,
): Promise<TrainingWork> {
  const policy = loadPolicy(dir);
  const layout = flatLayout(policy.params);
  const initial = flatten(Object.values(policy.params));
  const compute = pooledCompute(policy.model, layout, pairs, workers);
  return {
    name,
    policy,
    initial,
    compute,
    pairs,
    reference: weightedSums(await computeLogps(compute, initial, pairs), pairs),
    options,
    seed: 1,
  };
}

export function release({ policy, initial, compute }: TrainingWork): void {
  compute.close();
  policy.dispose();
  initial.dispose();
}

/** The pairs of the first `steps` steps, in order, as the peers read them. */
export function writePeerPairs(file: string, { pairs, reference, options, seed }: TrainingWork, steps: number): void {
  const list = (values: ArrayLike<number>) => Array.from(values);
  const rows = Array.from({ length: steps }, (_, step) => batchMembers(new Rng(seed), pairs.length, options, step))
    .flat()
    .map((i) => {
      const { chosen, rejected } = pairs[i]!;
      const P = chosen.promptLength;
      return {
        prompt_ids: list(chosen.ids.subarray(0, P)),
        prompt_mask: list(chosen.weights.subarray(0, P)),
        chosen_ids: list(chosen.ids.subarray(P)),
        rejected_ids: list(rejected.ids.subarray(P)),
        chosen_mask: list(chosen.weights.subarray(P)),
        rejected_mask: list(rejected.weights.subarray(P)),
        ref_chosen_logps: reference.chosen[i],
        ref_rejected_logps: reference.rejected[i],
      };
    });
  writeFileAtomic(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
}

export function scratchFile(name: string): string {
  const file = path.join(benchFolder, name);
  mkdirSync(benchFolder, { recursive: true });
  rmSync(file, { force: true, recursive: true });
  return file;
}
