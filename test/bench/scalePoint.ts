/**
 * One point of a scaling curve, in a process of its own so that its peak memory is its own: prints {"seconds",
 * "megabytes"}.
 */
import { localCompute } from "../../lib/align/compute";
import { flatLayout, flatten } from "../../lib/align/flat";
import { computeLogps, weightedSums } from "../../lib/align/completionLogps";
import { paperTraining } from "../../lib/align/trainOptions";
import { Rng } from "../../lib/base/rng";
import { startEngine } from "../../lib/engine/backend";
import { generate, paperSampling } from "../../lib/model/generate";
import { loadPolicy } from "../../lib/model/policy";
import { seconds, spread } from "./race";
import { stepper } from "./train";
import { randomPairs, seededConfig } from "./seeded";
import { seededCheckpoint } from "./work";

/** What is varied; the rest is as `seededConfig` has it, 16 pairs of 64 tokens. */
export interface ScalePoint {
  pairs?: number;
  length?: number;
  hiddenSize?: number;
  vocabSize?: number;
  k?: number;
}

const repeats = 5;

async function main(): Promise<void> {
  await startEngine();
  const {
    pairs: count = 16,
    length = 64,
    hiddenSize = seededConfig.hiddenSize,
    vocabSize = seededConfig.vocabSize,
    k,
  } = JSON.parse(process.argv[2]!) as ScalePoint;
  const config = {
    ...seededConfig,
    hiddenSize,
    headDim: hiddenSize / seededConfig.heads,
    intermediateSize: (hiddenSize * 11) / 4,
    vocabSize,
  };
  const policy = loadPolicy(await seededCheckpoint(`scale-${hiddenSize}-${vocabSize}`, config));
  const times: number[] = [];
  if (k) {
    for (let i = 0; i < repeats; i++)
      times.push(
        await seconds(async () => {
          const requests = Array.from({ length: 16 }, (_, q) => ({
            promptIds: [1, 5 + q, 9, 11],
            streams: Array.from({ length: k }, (_, j) => new Rng(q).fork(j)),
          }));
          for await (const _ of generate(
            config,
            policy.params,
            requests,
            { ...paperSampling, maxNewTokens: 32 },
            { eosIds: [], vocabSize },
          ));
        }),
      );
  } else {
    const pairs = randomPairs(config, count, {
      prompt: 16,
      shortest: Math.max(20, Math.round(length * 0.75)),
      longest: length,
    });
    const compute = localCompute(policy.model, flatLayout(policy.params), pairs);
    const initial = flatten(Object.values(policy.params));
    const reference = weightedSums(await computeLogps(compute, initial, pairs), pairs);
    const step = stepper({
      name: "",
      policy,
      initial,
      compute,
      pairs,
      reference,
      options: { ...paperTraining, epochs: repeats + 1, batch: count },
      seed: 1,
    });
    await step(); // buffers and tables
    for (let i = 0; i < repeats; i++) times.push(await seconds(step));
  }
  process.stdout.write(
    JSON.stringify({ seconds: spread(times).value, megabytes: process.resourceUsage().maxRSS / 1024 }),
  );
}
void main();
