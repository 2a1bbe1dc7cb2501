/** A training step shared out to worker processes. */
import * as tf from "@tensorflow/tfjs";
import { sum } from "../../base/collections";
import { cpuWorkers, WorkerPool } from "../../base/workers";
import { mostSmallWeights } from "../../model/weights";
import type { TransformerConfig } from "../../model/config";
import type { Transformer } from "../../model/transformer";
import { localCompute, type Microbatch, type PairCompute } from "../compute";
import type { FlatLayout } from "../flat";
import type { MicrobatchLog } from "../microbatch";
import type { PairIds, SideIds } from "../pairIds";

/**
 * What a worker is told: once what it works on, then that other weights [P] stand at 0 in the shared floats, or those
 * of the reference behind them.
 */
export type ComputeState =
  | { config: TransformerConfig; gradientCheckpointing: boolean; layout: FlatLayout; pairs: PairIds[] }
  | { size: number; frozen?: true };
/** A gradient is left at `at` in the shared floats. */
export type ComputeTask = { logps: readonly number[] } | { gradient: Microbatch; at: number };

/** On `workers` processes, each with a model like this one; `close` ends them. */
export function pooledCompute(
  { config, gradientCheckpointing }: Transformer,
  layout: FlatLayout,
  pairs: readonly PairIds[],
  workers = cpuWorkers,
): PairCompute {
  const pool = new WorkerPool<ComputeState, ComputeTask>("lib/align/processes/computeWorker.ts", workers);
  const slim = ({ ids, weights, promptLength, label, sentences }: SideIds): SideIds => ({
    ids,
    weights,
    promptLength,
    label,
    sentences,
  });
  pool.tell({
    config,
    gradientCheckpointing,
    layout,
    pairs: pairs.map(({ chosen, rejected }) => ({ chosen: slim(chosen), rejected: slim(rejected) })),
  });
  let told: tf.Tensor1D | undefined;
  const tellFrozen = async (frozen: tf.Tensor1D | undefined) => {
    if (!frozen || frozen === told) return;
    pool.shared.write(await frozen.data<"float32">(), frozen.size);
    pool.tell({ size: frozen.size, frozen: true });
    told = frozen;
  };
  const tellWeights = async (weights: tf.Tensor1D) => {
    pool.shared.write(await weights.data<"float32">(), 0);
    pool.tell({ size: weights.size });
  };
  return {
    async *logps(weights, chunks) {
      await tellWeights(weights);
      for (const answer of chunks.map((members) => pool.run<Float32Array[]>({ logps: members }))) yield await answer;
    },
    async *gradients(weights, microbatches, frozen) {
      await tellFrozen(frozen);
      await tellWeights(weights);
      const at = (i: number) => (2 + i) * weights.size;
      for (const [i, answer] of microbatches
        .map((microbatch, i) => pool.run<MicrobatchLog>({ gradient: microbatch, at: at(i) }))
        .entries()) {
        const log = await answer;
        yield { gradient: tf.tensor1d(pool.shared.read(weights.size, at(i))), log };
      }
    },
    close: () => pool.close(),
  };
}

/** Starting workers (about two seconds) pays from this many visits of a pair on. */
const poolFrom = 1024;

/**
 * Whether `visits` of pairs (pairs times epochs) under `size` weights are worth workers, of which each has copies of
 * the weights.
 */
export function pays(size: number, visits: number): boolean {
  return visits >= poolFrom && size <= mostSmallWeights;
}

/** Workers where the engine is the CPU's and there is enough to do. @param visits pairs times epochs */
export function chooseCompute(
  model: Transformer,
  layout: FlatLayout,
  pairs: readonly PairIds[],
  visits: number,
  parallel: boolean,
): PairCompute {
  const size = sum(layout.sizes);
  return parallel && pays(size, visits) ? pooledCompute(model, layout, pairs) : localCompute(model, layout, pairs);
}
