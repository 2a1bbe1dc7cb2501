/**
 * Training steps against TRL and a plain torch loop; the same steps on our WebAssembly engine; and against what the
 * machine can do at most.
 */
import * as tf from "@tensorflow/tfjs";
import { batchMembers, learningRate, train } from "../../lib/align/train";
import type { StepLog } from "../../lib/align/trainOptions";
import { Rng } from "../../lib/base/rng";
import { packSequences } from "../../lib/model/packing";
import { sidesOf } from "../../lib/preference/collate";
import { Peer } from "./peers";
import { race, ratios, seconds, spread, type Row } from "./race";
import { atlasWork, largeWork, release, scratchFile, writePeerPairs, type TrainingWork } from "./work";

const warmup = 3;
interface PeerStep {
  seconds: number;
  loss: number;
}

/** Steps of our training, one a call. */
export function stepper({ compute, initial, pairs, reference, options, seed }: TrainingWork): () => Promise<StepLog> {
  const steps = train({ compute, initial, pairs, reference, options, rng: new Rng(seed) });
  return async () => (await steps.next()).value as StepLog;
}

/** Our steps and theirs in turn, on the same batches at the same learning rates. */
async function trainRace(
  suite: string,
  work: TrainingWork,
  rounds: number,
  peers: Record<string, Peer>,
  goals: Record<string, number>,
): Promise<Row[]> {
  const step = stepper(work);
  const losses: Record<string, number[]> = { ours: [] };
  const sides: Record<string, (round: number) => Promise<number>> = {
    ours: () =>
      seconds(async () => {
        losses["ours"]!.push((await step()).loss);
      }),
  };
  for (const [name, peer] of Object.entries(peers)) {
    losses[name] = [];
    sides[name] = async (round) => {
      const { seconds, loss } = await peer.ask<PeerStep>({ lr: learningRate(work.options, work.pairs.length, round) });
      losses[name]!.push(loss);
      return seconds;
    };
  }
  const times = await race(rounds, warmup, sides);
  const lastLoss = (name: string) => losses[name]!.at(-1)!.toFixed(4);
  return Object.keys(peers).map((name) => ({
    suite,
    work: `train, ${work.name}`,
    unit: "s/step",
    peerName: name,
    goal: goals[name]!,
    ours: spread(times["ours"]!),
    peer: spread(times[name]!),
    ratio: ratios(times[name]!, times["ours"]!),
    check: `loss of step ${rounds + warmup}: ${lastLoss("ours")} and ${lastLoss(name)}`,
  }));
}

const scripts = { TRL: "trl_dpo.py", torch: "torch_dpo.py" } as const;

/** What a peer is told of a training. @param steps whose pairs it is given */
export function peerSetup(work: TrainingWork, steps: number): object {
  const pairs = scratchFile("pairs.jsonl");
  const { lr, batch, objective } = work.options;
  writePeerPairs(pairs, work, steps);
  return {
    model: work.policy.dir,
    tokenizer: work.policy.tokenizer.dir,
    ...(work.adapter !== undefined && { adapter: work.adapter }),
    pairs,
    batch,
    lr,
    beta: objective.options["beta"],
    gradient_checkpointing: work.gradientCheckpointing ?? false,
    scratch: scratchFile("trl"),
    work: "train",
  };
}

/** Those with a goal beside us, TRL and torch; all in memory together. */
export async function againstPython(
  suite: string,
  work: TrainingWork,
  python: string,
  rounds: number,
  goals: Partial<Record<keyof typeof scripts, number>>,
): Promise<Row[]> {
  const setup = peerSetup(work, rounds + warmup);
  const peers: Record<string, Peer> = {};
  try {
    for (const name of Object.keys(goals) as (keyof typeof scripts)[])
      peers[name] = await Peer.python(python, scripts[name], setup);
    return await trainRace(suite, work, rounds, peers, goals);
  } finally {
    for (const peer of Object.values(peers)) peer.close();
  }
}

export async function trainSuite(python: string | undefined, rounds: number): Promise<Row[]> {
  const rows: Row[] = [];
  const atlas = await atlasWork();
  try {
    if (python) rows.push(...(await againstPython("train", atlas, python, rounds, { TRL: 2, torch: 1.3 })));
    rows.push(await roofline(atlas, rounds));
  } finally {
    release(atlas);
  }
  if (!python) return rows;
  const large = await largeWork(40);
  try {
    rows.push(...(await againstPython("train", large, python, Math.min(rounds, 7), { TRL: 1.3, torch: 1 })));
  } finally {
    release(large);
  }
  return rows;
}

/** The WebAssembly engine as a peer: the ratio is how many times slower it is, to stay below 5. */
export async function wasmSuite(_python: string | undefined, rounds: number): Promise<Row[]> {
  const work = await atlasWork();
  const wasm = await Peer.node("wasm", "wasmTrain.ts", { ENGINE: "wasm" }, {});
  try {
    const name = "WebAssembly, 2 workers";
    const rows = await trainRace("wasm", work, rounds, { [name]: wasm }, { [name]: 5 });
    return rows.map((row) => ({ ...row, atMost: true }));
  } finally {
    wasm.close();
    release(work);
  }
}

/**
 * Useful floating-point operations of a step: two per weight and token forwards, four backwards; attention; the LM head
 * where it is used.
 */
function stepOperations(
  {
    policy: {
      model: { config },
    },
    pairs,
    options,
    seed,
  }: TrainingWork,
  step: number,
): number {
  const { hiddenSize: D, layers, heads, kvHeads, headDim, intermediateSize, vocabSize } = config;
  const perToken = layers * (D * headDim * (2 * heads + 2 * kvHeads) + 3 * D * intermediateSize);
  const members = batchMembers(new Rng(seed), pairs.length, options, step);
  let sum = 0;
  for (let i = 0; i < members.length; i += options.microbatch) {
    const sides = sidesOf(members.slice(i, i + options.microbatch).map((j) => pairs[j]!));
    const { ids, tokens } = packSequences(sides.map((side) => side.ids.subarray(0, side.weights.lastIndexOf(1))));
    const unmasked = sides.reduce((n, side) => n + side.weights.reduce((a, b) => a + b, 0), 0);
    const scores = tokens.reduce((n, row) => n + (row.length * (row.length + 1)) / 2, 0); // what is below the diagonal
    sum += 6 * (perToken * ids.length + vocabSize * D * unmasked + 2 * layers * heads * headDim * scores);
  }
  return sum;
}

/** Achieved GFLOP/s of a train step beside the best matrix product of the machine. */
async function roofline(work: TrainingWork, rounds: number): Promise<Row> {
  const n = 1536;
  const a = tf.randomNormal([n, n], 0, 1, "float32", 1) as tf.Tensor2D;
  const product = async () => {
    const out = tf.tidy(() => tf.slice(tf.matMul(a, a), [0, 0], [1, 1]));
    await out.data();
    out.dispose();
  };
  const step = stepper(work);
  let done = 0;
  const rates = await race(rounds, warmup, {
    step: async () => stepOperations(work, done++) / (await seconds(step)) / 1e9,
    matmul: async () => {
      let best = Infinity;
      for (let i = 0; i < 5; i++) best = Math.min(best, await seconds(product));
      return (2 * n ** 3) / best / 1e9;
    },
  });
  a.dispose();
  return {
    suite: "train",
    work: `roofline: useful work of a train step, ${work.name}`,
    unit: "GFLOP/s",
    peerName: `matrix product of ${n} x ${n}`,
    goal: 0,
    ours: spread(rates.step),
    peer: spread(rates.matmul),
    ratio: ratios(rates.step, rates.matmul),
    check: `${(stepOperations(work, 0) / 1e9).toFixed(1)} GFLOP in the first step`,
  };
}
