/**
 * A training run on disk: a policy folder and pairs in, a Hugging Face folder, or one of an adapter, out. `<out>.run`
 * beside it holds run.json, log.jsonl (a row per step), the reference logps and the resumable state; a killed run goes
 * on from there.
 */
import type { Tokenized } from "../preference/collate";
import { existsSync, rmSync } from "node:fs";
import path from "node:path";
import * as tf from "@tensorflow/tfjs";
import { emptyPairs, tokenizeFor } from "../preference/tokenizeFor";
import { chooseCompute, localCompute } from "./compute";
import { flatLayout, flatten, unflattenHost, type FlatLayout } from "./flat";
import type { Complete } from "./microbatch";
import { cachedLogps, chunkPairs, logpsLabel } from "./reference";
import { mismatchedOf } from "./batch";
import type { StepRequest } from "./batchGradient";
import { trainingPairs } from "./trainingPairs";
import { train } from "./train";
import { needsDistributions, needsOf } from "./objective/registry";
import { decisiveOptionsSchema, stepLogSchema, type StepLog, type TrainOptions } from "./trainOptions";
import { readTrainState, writeTrainState } from "./trainState";
import { UserError } from "../base/check";
import { hashOf } from "../base/hash";
import { readJsonl, writeJsonl } from "../base/jsonl";
import { showDone, startProgress } from "../base/progress";
import { Rng } from "../base/rng";
import { writeCheckpoint } from "../model/checkpoint";
import { uploadParams } from "../model/params";
import { adapted, initialAdapter, loraScale, type LoraConfig } from "../model/lora";
import { writeAdapter } from "../model/peft";
import { loadPolicy, policyHash, startEngineFor, type Policy } from "../model/policy";
import type { TokenizeReport } from "../preference/collate";
import type { MaskKind } from "../preference/mask";
import type { PreferencePair } from "../preference/pair";
import { claimBeside } from "../base/runFolder";
import { codeVersions } from "../base/codeVersions";

export interface TrainRunRequest {
  policyDir: string;
  pairs: readonly PreferencePair[];
  mask: MaskKind;
  options: TrainOptions;
  seed: number;
  /** Hugging Face folder, or adapter folder, to leave */
  out: string;
  /** folder of cached reference logps, which runs on the same pairs can share (default: the run's own) */
  logpsDir?: string;
  /** steps between checkpoints (default `checkpointEvery`) */
  checkpointEvery?: number;
  /** steps whose policies stay, in `snapshotFolder`s */
  snapshots?: readonly number[];
  /** train an adapter and leave that, instead of all weights */
  lora?: LoraConfig;
  /** `pairs` as `tokenizeFor` makes them for this policy, where that was done already */
  tokenized?: Tokenized;
  /** keep of each layer only its input for the gradient (`Transformer`): less memory, more time, the same numbers */
  gradientCheckpointing?: boolean;
}

export interface TrainRun {
  out: string;
  logs: StepLog[];
  report: TokenizeReport;
}

/** Steps between checkpoints where nothing else is asked for. */
export const checkpointEvery = 10;

/** Where the policy after a step of `snapshots` is kept. */
export function snapshotFolder(out: string, step: number): string {
  return path.join(`${out}.run`, `step-${step}`);
}

/** Logs of a finished run, a row a step. */
export function readTrainingLogs(out: string): StepLog[] {
  return readJsonl(path.join(`${out}.run`, "log.jsonl"), stepLogSchema);
}

/**
 * Runs or resumes; a finished run of the same configuration is returned as it is. `onStep` sees each new log.
 * @throws UserError for an output folder of something else, no pair to train on, or as `train`
 */
export async function trainRun(request: TrainRunRequest, onStep?: (log: StepLog) => void): Promise<TrainRun> {
  const { policyDir, pairs, mask, options, seed, out, lora, gradientCheckpointing } = request;
  if (path.resolve(out) === path.resolve(policyDir))
    throw new UserError({
      where: out,
      expected: "an output folder of its own",
      got: "the folder of the policy to train",
      fix: "Choose another --out.",
    });
  const reference = policyHash(policyDir);
  const engine = await startEngineFor(policyDir);
  const key = {
    reference,
    pairs: hashOf(pairs),
    mask,
    seed,
    options: decisiveOptionsSchema.strip().parse(options),
    engine: engine.arithmetic,
    code: codeVersions("training"),
    ...(lora && { lora }),
  };
  const policy = loadPolicy(policyDir, { frozen: lora !== undefined, gradientCheckpointing });
  try {
    const { config } = policy.model;
    const tokenized = request.tokenized ?? tokenizeFor(policy.tokenizer, config, pairs, mask, seed);
    const { report } = tokenized;
    if (tokenized.pairs.length === 0) throw emptyPairs(report);
    const training = trainingPairs(tokenized, options.objective, config.maxPositions);
    const { everything } = training;
    const run = claimBeside(out, key); // last: a refused run leaves nothing behind
    const files = { log: path.join(run, "log.jsonl"), state: path.join(run, "state.safetensors") };
    const label = trainLabel(options, mask);
    const refers = needsOf(options.objective).has("logratio");
    if (existsSync(out) && !existsSync(files.state) && existsSync(files.log)) {
      const logs = readJsonl(files.log, stepLogSchema);
      if (refers) showDone(logpsLabel, everything.length);
      showDone(label, logs.length, stepNote(logs.at(-1)!));
      return { out, logs, report };
    }
    const { layout, initial, complete, save } = trainable(policy, request);
    const compute = complete
      ? localCompute(policy.model, layout, everything, complete)
      : chooseCompute(policy.model, layout, everything, everything.length * options.epochs, engine.parallel);
    try {
      const logps = refers
        ? await cachedLogps(
            request.logpsDir ?? run,
            `${reference} ${key.engine}`,
            compute,
            initial,
            everything,
            Math.min(chunkPairs, options.microbatch),
          )
        : undefined;
      const { logs, weights } = await trainSteps(
        request,
        { compute, initial, pairs: training.pairs, reference: logps, mismatched: mismatchedOf(training, logps) },
        { ...files, key: hashOf(key), label, save },
        onStep,
      );
      save(out, weights);
      writeJsonl(files.log, logs);
      rmSync(files.state, { force: true }); // without it the run counts as finished
      return { out, logs, report };
    } finally {
      compute.close();
      initial.dispose();
    }
  } finally {
    policy.dispose();
  }
}

/** What is trained, as weights [P] of a layout, and where they go in the end: all of the policy's, or an adapter's. */
function trainable(
  { model, params, tokenizer }: Policy,
  { policyDir, seed, lora }: TrainRunRequest,
): {
  layout: FlatLayout;
  initial: tf.Tensor1D;
  complete?: Complete;
  save: (dir: string, weights: Float32Array) => void;
} {
  const fresh = lora && uploadParams(initialAdapter(model.config, lora, new Rng(seed).fork("lora")).tensors);
  const trained = fresh ?? params;
  const layout = flatLayout(trained);
  const initial = flatten(Object.values(trained));
  tf.dispose(trained); // all that is needed of them is in the vector
  if (!lora)
    return {
      layout,
      initial,
      save: (dir, weights) => writeCheckpoint(dir, model.config, unflattenHost(weights, layout), tokenizer.dir),
    };
  return {
    layout,
    initial,
    complete: (adapter) => adapted(params, adapter, loraScale(lora)),
    save: (dir, weights) => writeAdapter(dir, { config: lora, tensors: unflattenHost(weights, layout) }, policyDir),
  };
}

/** From the last checkpoint, if any, to the last step; returns all logs and the final weights [P]. */
async function trainSteps(
  { options, seed, out, snapshots = [], checkpointEvery: every = checkpointEvery }: TrainRunRequest,
  work: Omit<StepRequest, "options">,
  files: { log: string; state: string; key: string; label: string; save: (dir: string, weights: Float32Array) => void },
  onStep?: (log: StepLog) => void,
): Promise<{ logs: StepLog[]; weights: Float32Array }> {
  const resume = readTrainState(files.state, files.key, work.initial.size);
  const logs = resume ? readJsonl(files.log, stepLogSchema).filter(({ step }) => step <= resume.step) : [];
  const iterator = train({
    ...work,
    options,
    resume,
    rng: new Rng(seed).fork("train"),
    checkpointEvery: every,
    checkpointSteps: snapshots,
    checkpoint: (state) => {
      if (snapshots.includes(state.step)) files.save(snapshotFolder(out, state.step), state.weights);
      writeJsonl(files.log, logs); // the log never lags behind the state
      writeTrainState(files.state, files.key, state);
    },
  });
  const progress = startProgress(
    files.label,
    Math.ceil(work.pairs.length / options.batch) * options.epochs,
    resume?.step,
  );
  try {
    let next = await iterator.next();
    if (!needsDistributions(needsOf(options.objective))) work.initial.dispose(); // training has its own by now
    for (; !next.done; next = await iterator.next()) {
      logs.push(next.value);
      progress.update(next.value.step, stepNote(next.value));
      onStep?.(next.value);
    }
    return { logs, weights: next.value.weights };
  } catch (error) {
    await iterator.return(undefined as never); // where `onStep` threw, the weights are still held
    throw error;
  } finally {
    progress.stop();
  }
}

function trainLabel({ objective: { name } }: TrainOptions, mask: MaskKind): string {
  return `train (${name === "dpo" ? "" : `${name}, `}mask: ${mask})`;
}

function stepNote({ loss, margin }: StepLog): string {
  return `loss ${loss.toFixed(3)}, margin ${margin.toFixed(2)}`;
}
