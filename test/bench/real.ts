/**
 * The size of a real model: SmolLM2-135M-Instruct, fetched where it is not there, or what MASK_DPO_PROSE_MODEL names.
 * Both sides have two threads and all work in one process. Pairs are of random words, as long as the study's answers
 * (notebook 10).
 */
import path from "node:path";
import { localCompute } from "../../lib/align/compute";
import { computeLogps, weightedSums } from "../../lib/align/completionLogps";
import { trainable } from "../../lib/align/trainable";
import { paperTraining } from "../../lib/align/trainOptions";
import type { LoraConfig } from "../../lib/model/adapter/lora";
import { loadPolicy } from "../../lib/model/policy";
import { proseModel, proseModelFolder } from "../../lib/lab/prose/study";
import { loraTargets, weightCount } from "../../lib/model/weights";
import type { PreferencePair } from "../../lib/preference/pair";
import { tokenizeFor } from "../../lib/preference/tokenizeFor";
import { fetchVerb, modelCache } from "../../lib/steps/fetch/fetch";
import { memoryRow } from "./memory";
import type { Row } from "./race";
import { referenceRow } from "./reference";
import { wordPairs } from "./seeded";
import { againstPython, peerSetup } from "./train";
import { release, scratchFile, type TrainingWork } from "./work";

const batch = 4;
const lengths = { prompt: 40, completion: 112 };
/** Steps of training whose pairs are there: the rounds and their warm-up. */
const steps = 12;
/** A round takes a minute or two. */
const mostRounds = 5;

/** Folder of the model. */
export async function realModel(): Promise<string> {
  const found = await proseModelFolder();
  if (found !== undefined) return found;
  const out = path.join(await modelCache(), proseModel);
  await fetchVerb({ name: proseModel, out });
  return out;
}

interface RealWork extends TrainingWork {
  texts: PreferencePair[];
}

/** @param lora an adapter on frozen weights instead of all of them */
async function realWork(lora?: Omit<LoraConfig, "targets">): Promise<RealWork> {
  const dir = await realModel();
  const policy = loadPolicy(dir, { frozen: lora !== undefined });
  const { model, tokenizer } = policy;
  const texts = wordPairs(tokenizer, steps * batch, lengths);
  const { pairs } = tokenizeFor(tokenizer, model.config, texts, "paper", 1);
  const config = lora && { ...lora, targets: loraTargets(model.config) };
  const { layout, initial, complete, save } = trainable(policy, { policyDir: dir, seed: 1, lora: config });
  const compute = localCompute(model, layout, pairs, complete);
  const adapter = lora && scratchFile("adapter");
  if (adapter !== undefined) save(adapter, await initial.data<"float32">());
  const size = `${(weightCount(model.config) / 1e6).toFixed(0)}M`;
  const trained = lora ? `adapter of rank ${lora.rank}` : "all weights";
  return {
    name: `${path.basename(dir)} (${size}), ${trained}, batch ${batch}`,
    policy,
    initial,
    compute,
    pairs,
    texts,
    reference: weightedSums(await computeLogps(compute, initial, pairs, batch), pairs),
    options: { ...paperTraining, lr: lora ? 2e-4 : 1e-5, epochs: 1, batch, microbatch: batch },
    seed: 1,
    adapter,
  };
}

/** All weights against TRL and plain torch, losses beside times. */
export async function realTrainSuite(python: string | undefined, rounds: number): Promise<Row[]> {
  if (!python) return [];
  const work = await realWork();
  try {
    const count = Math.min(rounds, mostRounds);
    return await againstPython("135m-train", work, python, count, { TRL: 2, torch: 1.5 });
  } finally {
    release(work);
  }
}

/** An adapter in every projection against TRL with PEFT, from the same adapter. */
export async function realLoraSuite(python: string | undefined, rounds: number): Promise<Row[]> {
  if (!python) return [];
  const work = await realWork({ rank: 16, alpha: 32, rslora: false });
  try {
    const rows = await againstPython("135m-lora", work, python, Math.min(rounds, mostRounds), { TRL: 2 });
    return rows.map((row) => ({ ...row, peerName: "TRL + PEFT" }));
  } finally {
    release(work);
  }
}

export async function realReferenceSuite(python: string | undefined, rounds: number): Promise<Row[]> {
  if (!python) return [];
  const work = await realWork();
  const of = `${work.pairs.length} pairs, ${path.basename(work.policy.dir)}`;
  try {
    return [await referenceRow("135m-reference", work, python, Math.min(rounds, mostRounds), of, 2)];
  } finally {
    release(work);
  }
}

export async function realMemorySuite(python: string | undefined, rounds: number): Promise<Row[]> {
  if (!python || process.platform !== "linux") return [];
  const work = await realWork();
  const few = 3;
  const setup = peerSetup(work, few);
  const { texts, name: of } = work;
  release(work);
  return [
    await memoryRow({
      suite: "135m-memory",
      of: `${of}, ${few} steps`,
      model: await realModel(),
      pairs: texts.slice(0, few * batch),
      flags: ["--lr", "1e-5", "--batch", String(batch), "--microbatch", String(batch)],
      steps: few,
      python,
      setup,
      rounds: Math.min(rounds, 2),
    }),
  ];
}
