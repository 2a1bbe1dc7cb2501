// Prints hashes of what is computed in this process and of the same computed by workers: `sameNumbers.test.ts` runs it
// on
// processors and threads that this machine does not have by itself.
import { localCompute, type PairCompute } from "../../lib/align/compute";
import { pooledCompute } from "../../lib/align/processes/pool";
import { flatLayout, flatten } from "../../lib/align/flat";
import { computeLogps, weightedSums } from "../../lib/align/completionLogps";
import { hashOf, sha256 } from "../../lib/base/hash";
import { Rng } from "../../lib/base/rng";
import { cpuWorkers } from "../../lib/base/workers";
import { train } from "../../lib/align/train";
import { paperTraining } from "../../lib/align/trainOptions";
import { startEngine } from "../../lib/engine/backend";
import type { Candidate, Question } from "../../lib/factuality/records";
import { loadPolicy, type Policy } from "../../lib/model/policy";
import { sampleCandidates, samplingTasks } from "../../lib/preference/candidate";
import { samplePool } from "../../lib/preference/samplePool";
import { tokenizeFor } from "../../lib/preference/tokenizeFor";
import { loadAtlas } from "../../lib/world/atlas";
import { atlasFolder } from "../../lib/world/facts";
import { atlasPairs } from "../align/atlasPairs";

const policyDir = `${atlasFolder}/base`;
const k = 48;
const sampling = { temperature: 0.8, topK: 40, topP: 1, maxNewTokens: 8 };

/**
 * Reference log-probabilities and two steps of training, computed by whoever; microbatches large enough to be shared
 * out among threads.
 */
async function trained(
  policy: Policy,
  computeOf: (pairs: Parameters<typeof localCompute>[2]) => PairCompute,
): Promise<string> {
  const options = { ...paperTraining, batch: 32, microbatch: 16, epochs: 1 };
  const { pairs } = tokenizeFor(policy.tokenizer, policy.model.config, await atlasPairs(64), "paper", 1);
  const compute = computeOf(pairs);
  const initial = flatten(Object.values(policy.params));
  try {
    const logps = await computeLogps(compute, initial, pairs);
    const iterator = train({
      compute,
      initial,
      pairs,
      reference: weightedSums(logps, pairs),
      options,
      rng: new Rng(1),
    });
    let next = await iterator.next();
    while (!next.done) next = await iterator.next();
    return hashOf(
      [logps, next.value].map((values) =>
        JSON.stringify(values, (_, value: unknown) =>
          value instanceof Float32Array
            ? sha256(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))
            : value,
        ),
      ),
    );
  } finally {
    compute.close();
    initial.dispose();
  }
}

async function rows(source: AsyncIterable<Candidate[]>): Promise<Candidate[]> {
  const out: Candidate[] = [];
  for await (const candidates of source) out.push(...candidates);
  return out;
}

function hashOfRows(candidates: Candidate[]): string {
  return hashOf(
    candidates.map(({ questionId, index, tokenIds }) => `${questionId} ${index} ${tokenIds!.join()}`).sort(),
  );
}

async function main(): Promise<void> {
  await startEngine();
  const policy = loadPolicy(policyDir);
  const layout = flatLayout(policy.params);
  const questions: Question[] = loadAtlas().splits.test.slice(0, 26);
  const tasks = samplingTasks(policy.tokenizer, questions, k);
  const alone: Candidate[] = [];
  for (const task of tasks) alone.push(...(await rows(sampleCandidates(policy, task, k, sampling, 1))));
  const pooled = await rows(samplePool({ policyDir, k, sampling, seed: 1 }, tasks, 2));
  const out = {
    here: {
      candidates: hashOfRows(alone),
      training: await trained(policy, (pairs) => localCompute(policy.model, layout, pairs)),
    },
    workers: {
      candidates: hashOfRows(pooled),
      training: await trained(policy, (pairs) => pooledCompute(policy.model, layout, pairs, cpuWorkers)),
    },
  };
  policy.dispose();
  process.stdout.write(`${JSON.stringify(out)}\n`);
}

void main();
