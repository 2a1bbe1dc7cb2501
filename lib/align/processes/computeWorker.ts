/** A worker process of pooledCompute. */
import * as tf from "@tensorflow/tfjs";
import { serveTasks, SharedFloats } from "../../base/workers";
import { startEngine } from "../../engine/backend";
import { Transformer } from "../../model/transformer";
import { localCompute, type PairCompute } from "../compute";
import type { MicrobatchLog } from "../microbatch";
import type { ComputeState, ComputeTask } from "./pool";

const shared = SharedFloats.inherited();
let compute: PairCompute, weights: tf.Tensor1D | undefined, frozen: tf.Tensor1D | undefined;

serveTasks({
  async tell(state: ComputeState) {
    await startEngine();
    if ("frozen" in state) {
      frozen?.dispose();
      frozen = tf.tensor1d(shared.read(state.size, state.size));
    } else if ("size" in state) {
      weights?.dispose();
      weights = tf.tensor1d(shared.read(state.size, 0));
    } else {
      compute = localCompute(new Transformer(state.config, state.gradientCheckpointing), state.layout, state.pairs);
    }
  },
  async run(task: ComputeTask): Promise<Float32Array[] | MicrobatchLog> {
    if ("logps" in task) return only(compute.logps(weights!, [task.logps]));
    const { gradient, log } = await only(compute.gradients(weights!, [task.gradient], frozen));
    shared.write(await gradient.data<"float32">(), task.at);
    gradient.dispose();
    return log;
  },
});

/** The one value of a generator that yields one. */
async function only<T>(values: AsyncGenerator<T>): Promise<T> {
  return (await values.next()).value as T;
}
