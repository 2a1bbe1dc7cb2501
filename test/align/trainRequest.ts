/** A training of a tiny policy, and running it to its end. */
import type { ReferenceLogps } from "../../lib/align/pairIds";
import { computeLogps, weightedSums } from "../../lib/align/completionLogps";
import { train, type TrainRequest, type TrainState } from "../../lib/align/train";
import { paperTraining, type StepLog, type TrainOptions } from "../../lib/align/trainOptions";
import { Rng } from "../../lib/base/rng";
import type { TokenizedPair } from "../../lib/preference/collate";
import { computeOf, type TinyPolicy } from "./tiny";

export const options: TrainOptions = { ...paperTraining, lr: 1e-3, epochs: 2, batch: 4, microbatch: 4 };

export async function request(
  policy: TinyPolicy,
  pairs: readonly TokenizedPair[],
  changes: Partial<TrainRequest> = {},
): Promise<TrainRequest> {
  const compute = computeOf(policy, pairs);
  return {
    compute,
    initial: policy.weights,
    pairs,
    options,
    rng: new Rng("train test"),
    reference: weightedSums(await computeLogps(compute, policy.weights, pairs), pairs),
    ...changes,
  };
}

export async function complete(request: TrainRequest): Promise<{ logs: StepLog[]; state: TrainState }> {
  const logs: StepLog[] = [];
  const iterator = train(request);
  for (;;) {
    const { done, value } = await iterator.next();
    if (done) return { logs, state: value };
    logs.push(value);
  }
}

export function spoilt({ chosen, rejected }: ReferenceLogps, pair: number): ReferenceLogps {
  const copy = chosen.slice();
  copy[pair] = Infinity;
  return { chosen: copy, rejected };
}
