/**
 * The size of a real model: SmolLM2-135M-Instruct, fetched where it is not there, or what MASK_DPO_PROSE_MODEL names;
 * and the shape of Llama-3.2-1B with seeded weights. Both sides have two threads and all work in one process. Pairs are
 * of random words, as long as the study's answers (notebook 10).
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
import { seededShape } from "./shapes";
import { againstPython, peerSetup } from "./train";
import { release, scratchFile, type TrainingWork } from "./work";

const lengths = { prompt: 40, completion: 112 };
const realBatch = 4;
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

interface Trained {
  dir: string;
  batch: number;
  /** an adapter on frozen weights instead of all of them */
  lora?: Omit<LoraConfig, "targets">;
  gradientCheckpointing?: boolean;
}

async function workOn({ dir, batch, lora, gradientCheckpointing }: Trained): Promise<RealWork> {
  const policy = loadPolicy(dir, { frozen: lora !== undefined, gradientCheckpointing });
  const { model, tokenizer } = policy;
  const texts = wordPairs(tokenizer, steps * batch, lengths);
  const { pairs } = tokenizeFor(tokenizer, model.config, texts, "paper", 1);
  const config = lora && { ...lora, targets: loraTargets(model.config) };
  const { layout, initial, complete, save } = trainable(policy, { policyDir: dir, seed: 1, lora: config });
  const compute = localCompute(model, layout, pairs, complete);
  const adapter = lora && scratchFile("adapter");
  if (adapter !== undefined) save(adapter, await initial.data<"float32">());
  const size = `${(weightCount(model.config) / 1e6).toFixed(0)}M`;
  const how = [
    lora ? `adapter of rank ${lora.rank}` : "all weights",
    ...(gradientCheckpointing ? ["gradient checkpointing"] : []),
    `batch ${batch}`,
  ];
  return {
    name: `${path.basename(dir)} (${size}), ${how.join(", ")}`,
    policy,
    initial,
    compute,
    pairs,
    texts,
    reference: weightedSums(await computeLogps(compute, initial, pairs, batch), pairs),
    options: { ...paperTraining, lr: lora ? 2e-4 : 1e-5, epochs: 1, batch, microbatch: batch },
    seed: 1,
    adapter,
    gradientCheckpointing,
  };
}

const realWork = async (lora?: Trained["lora"]) => workOn({ dir: await realModel(), batch: realBatch, lora });
const rank16 = { rank: 16, alpha: 32, rslora: false } as const;

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
async function adapterRows(suite: string, work: RealWork, python: string, rounds: number, goal: number) {
  try {
    const rows = await againstPython(suite, work, python, rounds, { TRL: goal });
    return rows.map((row) => ({ ...row, peerName: "TRL + PEFT" }));
  } finally {
    release(work);
  }
}

export async function realLoraSuite(python: string | undefined, rounds: number): Promise<Row[]> {
  if (!python) return [];
  return adapterRows("135m-lora", await realWork(rank16), python, Math.min(rounds, mostRounds), 2);
}

/** A step is half a minute or more: few rounds of one pair. */
export async function billionLoraSuite(python: string | undefined, rounds: number): Promise<Row[]> {
  if (!python) return [];
  const dir = seededShape("Llama-3.2-1B");
  const work = await workOn({ dir, batch: 1, lora: rank16, gradientCheckpointing: true });
  return adapterRows("1b-lora", work, python, Math.min(rounds, 3), 1.3);
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
      pairs: texts.slice(0, few * realBatch),
      flags: ["--lr", "1e-5", "--batch", String(realBatch), "--microbatch", String(realBatch)],
      steps: few,
      python,
      setup,
      rounds: Math.min(rounds, 2),
    }),
  ];
}
