/**
 * A training run on disk: a policy folder and pairs in, a Hugging Face folder out. `<out>.run` beside it holds
 * run.json, log.jsonl (a row per step), the reference logps and the resumable state; a killed run goes on from there.
 */
import { existsSync, rmSync } from "node:fs";
import path from "node:path";
import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { flatLayout, unflatten } from "../align/flat";
import { cachedLogps, logpsLabel } from "../align/reference";
import { train, type StepLog, type TrainOptions } from "../align/train";
import { readTrainState, writeTrainState } from "../align/trainState";
import { UserError } from "../base/check";
import { hashOf } from "../base/hash";
import { readJsonl, writeJsonl } from "../base/jsonl";
import { showDone, startProgress } from "../base/progress";
import { Rng } from "../base/rng";
import { loadPolicy, policyHash, savePolicy, type Policy } from "../model/policy";
import { tokenizePairs, type TokenizeReport, type TokenizedPair } from "../preference/collate";
import type { MaskKind } from "../preference/mask";
import type { PreferencePair } from "../preference/pair";
import { promptIds } from "../text/prompt";
import { claimFolder } from "./run";

export interface TrainRunRequest {
  policyDir: string;
  pairs: readonly PreferencePair[];
  mask: MaskKind;
  options: TrainOptions;
  seed: number;
  /** Hugging Face folder to leave */
  out: string;
}

export interface TrainRun {
  out: string;
  logs: StepLog[];
  report: TokenizeReport;
}

const number = z.number();
const stepLogSchema = z.object({
  step: number, steps: number, epoch: number, loss: number, chosenReward: number, rejectedReward: number, chosenLogps: number, rejectedLogps: number,
  accuracy: number, margin: number, gradNorm: number, lr: number, maskedShare: number, tokensPerSecond: number, etaSeconds: number,
}).strict();

const checkpointEvery = 10;

/** Pairs as ids and masks for this policy; the report says which were dropped. */
export function tokenizeFor(policy: Policy, pairs: readonly PreferencePair[], mask: MaskKind, seed: number): { pairs: TokenizedPair[]; report: TokenizeReport } {
  const { tokenizer, model } = policy;
  return tokenizePairs(pairs, tokenizer, (prompt) => promptIds(tokenizer, prompt), { mask, seed, maxPositions: model.config.maxPositions });
}

/** Runs or resumes; a finished run of the same configuration is returned as it is. `onStep` sees each new log. */
export async function trainRun(request: TrainRunRequest, onStep?: (log: StepLog) => void): Promise<TrainRun> {
  const { policyDir, pairs, mask, options, seed, out } = request;
  if (path.resolve(out) === path.resolve(policyDir)) throw new UserError({ where: out, expected: "an output folder of its own", got: "the folder of the policy to train", fix: "Choose another --out." });
  const reference = policyHash(policyDir);
  const key = { reference, pairs: hashOf(pairs), mask, seed, options };
  const run = `${out}.run`;
  claimFolder(run, key);
  const logFile = path.join(run, "log.jsonl"), stateFile = path.join(run, "state.safetensors");
  const policy = loadPolicy(policyDir);
  try {
    const tokenized = tokenizeFor(policy, pairs, mask, seed);
    const label = `train (mask: ${mask})`;
    if (existsSync(out) && !existsSync(stateFile) && existsSync(logFile)) {
      const logs = readJsonl(logFile, stepLogSchema);
      showDone(logpsLabel, tokenized.pairs.length);
      showDone(label, logs.length, stepNote(logs.at(-1)!));
      return { out, logs, report: tokenized.report };
    }
    if (tokenized.pairs.length === 0) throw emptyPairs(tokenized.report);
    const { model, params, padId } = policy;
    const layout = flatLayout(params);
    const resume = readTrainState(stateFile, hashOf(key), layout.sizes.reduce((a, b) => a + b, 0));
    const logs = resume ? readJsonl(logFile, stepLogSchema).filter(({ step }) => step <= resume.step) : [];
    const iterator = train({
      model, params, padId, options, resume, checkpointEvery, pairs: tokenized.pairs, rng: new Rng(seed).fork("train"),
      reference: cachedLogps(run, reference, model, params, tokenized.pairs, padId),
      checkpoint: (state) => {
        writeJsonl(logFile, logs); // the log never lags behind the state
        writeTrainState(stateFile, hashOf(key), state);
      },
    });
    const progress = startProgress(label, Math.ceil(tokenized.pairs.length / options.batch) * options.epochs);
    let next = await iterator.next();
    for (; !next.done; next = await iterator.next()) {
      logs.push(next.value);
      progress.update(next.value.step, stepNote(next.value));
      onStep?.(next.value);
    }
    progress.stop();
    const weights = tf.tensor1d(next.value.weights), trained = unflatten(weights, layout);
    savePolicy(out, policy, trained);
    tf.dispose([weights, ...Object.values(trained)]);
    writeJsonl(logFile, logs);
    rmSync(stateFile, { force: true }); // without it the run counts as finished
    return { out, logs, report: tokenized.report };
  } finally {
    policy.dispose();
  }
}

function stepNote({ loss, margin }: StepLog): string {
  return `loss ${loss.toFixed(3)}, margin ${margin.toFixed(2)}`;
}

function emptyPairs(report: TokenizeReport): UserError {
  return new UserError({
    where: "pairs", expected: "at least one pair to train on", got: `${report.pairs} pairs, of which the mask empties a side of ${report.emptied.length} and ${report.tooLong.length} are too long`,
    fix: "Sample more candidates per question, or look at the report of `mask-dpo pairs`.",
  });
}
