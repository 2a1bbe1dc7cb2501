/**
 * Trains on a seeded shape in a process of its own, as `mask-dpo train` does, and prints what it took (`ShapeTaken`),
 * or only the plan where that is more than there is.
 */
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { planMemory } from "../../lib/align/plan";
import { logpsLabel } from "../../lib/align/completionLogps";
import { paperTraining } from "../../lib/align/trainOptions";
import { setProgressRenderer } from "../../lib/base/progress";
import { planFor } from "../../lib/align/choosePlan";
import { trainRun } from "../../lib/align/trainRun";
import { readCheckpointConfig } from "../../lib/model/checkpoint";
import type { LoraConfig } from "../../lib/model/adapter/lora";
import { startEngineFor } from "../../lib/model/policy";
import { tokenizeFor } from "../../lib/preference/tokenizeFor";
import { loadTokenizer } from "../../lib/text/tokenizer";
import { wordPairs } from "./seeded";

export interface ShapePoint {
  dir: string;
  memory: number;
  microbatch: number;
  lora?: LoraConfig;
  gradientCheckpointing?: boolean;
}
/** Bytes planned and at the peak of the process; seconds a pair. */
export interface ShapeTaken {
  planned: number;
  taken: number;
  step: number;
  reference: number;
}

export const promptTokens = 40;
export const completionTokens = 250;

async function main(): Promise<void> {
  const { dir, memory, microbatch, ...use } = JSON.parse(process.argv[2]!) as ShapePoint;
  const { parallel } = await startEngineFor(dir);
  const config = readCheckpointConfig(dir);
  const tokenizer = loadTokenizer(dir);
  const batch = Math.max(2, microbatch);
  const pairs = wordPairs(tokenizer, 2 * batch, { prompt: promptTokens, completion: completionTokens });
  const options = { ...paperTraining, batch, microbatch, epochs: 1 };
  const tokenized = tokenizeFor(tokenizer, config, pairs, "paper", 1);
  const { total: planned } = planMemory(
    planFor({ model: dir, config, tokenized, options, ...use }, parallel),
    microbatch,
  );
  if (planned > memory) return void process.stdout.write(JSON.stringify({ planned }));
  const out = mkdtempSync(path.join(os.tmpdir(), "mask-dpo-shape-"));
  let reference = 0;
  setProgressRenderer((label) => {
    const began = performance.now();
    return {
      update: () => undefined,
      stop: () => {
        if (label === logpsLabel) reference = (performance.now() - began) / 1000 / pairs.length;
      },
    };
  });
  try {
    const { logs } = await trainRun({
      policyDir: dir,
      pairs,
      tokenized,
      mask: "paper",
      seed: 1,
      options,
      out: path.join(out, "policy"),
      ...use,
    });
    const { tokensPerSecond } = logs.at(-1)!;
    const tokens = batch * 2 * (promptTokens + completionTokens + 1);
    process.stdout.write(
      JSON.stringify({
        planned,
        taken: 1024 * process.resourceUsage().maxRSS,
        step: tokens / tokensPerSecond / batch,
        reference,
      }),
    );
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

if (require.main === module) void main();
