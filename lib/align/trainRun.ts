/**
 * A training run on disk: a policy folder and pairs in, a Hugging Face folder, or one of an adapter, out. `<out>.run`
 * beside it holds run.json, log.jsonl (a row per step), the reference logps and the resumable state; a killed run goes
 * on from there.
 */
import type { Tokenized } from "../preference/collate";
import { rmSync } from "node:fs";
import path from "node:path";
import { emptyPairs, tokenizeFor } from "../preference/tokenizeFor";
import { localCompute } from "./compute";
import { chooseCompute } from "./processes/pool";
import { chunkPairs, logpsLabel } from "./completionLogps";
import { cachedLogps } from "./reference";
import { mismatchedOf } from "./batch";
import type { StepRequest } from "./batchGradient";
import { trainingPairs, type TrainingPairs } from "./trainingPairs";
import { train } from "./train";
import { needsDistributions, needsOf } from "./objective/registry";
import { decisiveOptionsSchema, stepLogSchema, type StepLog, type TrainOptions } from "./trainOptions";
import { finishedLog, readLog, recordFinished, runFiles } from "./trainRecord";
import { readTrainState, writeTrainState } from "./trainState";
import { trainable, type Save } from "./trainable";
import { hashOf } from "../base/hash";
import { isOwn } from "../base/own";
import { readJsonl, writeJsonl } from "../base/jsonl";
import { takeLock } from "../base/lock";
import { refuseInputs } from "../base/outputs";
import { showDone, startProgress } from "../base/progress";
import { Rng } from "../base/rng";
import { checkReplaceable } from "../model/checkpoint";
import type { LoraConfig } from "../model/adapter/lora";
import { loadPolicy, policyHash, startEngineFor, type Policy } from "../model/policy";
import type { TokenizeReport } from "../preference/collate";
import type { Mask } from "../preference/mask";
import type { TrainingRow } from "../preference/demonstration";
import { claimBeside } from "../base/runFolder";
import { codeVersions } from "../base/codeVersions";

export interface TrainRunRequest {
  policyDir: string;
  /** or demonstrations, for an objective that looks at chosen sides only */
  pairs: readonly TrainingRow[];
  mask: Mask;
  /** learn from no sentence without a fact, on either side, whatever the mask */
  dropNoFact?: boolean;
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
  return readJsonl(runFiles(`${out}.run`).log, stepLogSchema);
}

/**
 * Runs or resumes; a finished run of the same configuration is returned as it is, unless its output was lost or spoilt:
 * then it is trained again. `onStep` sees each new log.
 * @throws UserError for an output folder of something else, one that another process trains into, no pair to train on,
 *   or as `train`
 */
export async function trainRun(request: TrainRunRequest, onStep?: (log: StepLog) => void): Promise<TrainRun> {
  const { policyDir, pairs, mask, dropNoFact = false, options, seed, out, lora, gradientCheckpointing } = request;
  refuseInputs([out], [policyDir]);
  const engine = await startEngineFor(policyDir);
  const key = {
    reference: policyHash(policyDir),
    pairs: hashOf(pairs),
    mask,
    seed,
    options: decisiveOptionsSchema.strip().parse(options),
    engine: engine.arithmetic,
    code: codeVersions("training"),
    ...(lora && { lora }),
    ...(dropNoFact && { dropNoFact }),
  };
  const policy = loadPolicy(policyDir, { frozen: lora !== undefined, gradientCheckpointing });
  try {
    const { config } = policy.model;
    const tokenized = request.tokenized ?? tokenizeFor(policy.tokenizer, config, pairs, mask, seed, dropNoFact);
    if (tokenized.pairs.length === 0) throw emptyPairs(tokenized.report);
    const training = trainingPairs(tokenized, options.objective, config.maxPositions);
    const run = claimBeside(out, key); // last: a refused run leaves nothing behind
    const lock = takeLock(runFiles(run).log);
    const parallel = engine.parallel && !isOwn(options.objective.name); // workers know only what the library has
    try {
      const work = { run, key: hashOf(key), policyKey: `${key.reference} ${key.engine}`, training };
      const logs = knownLogs(request, work) ?? (await trainInto(request, policy, work, parallel, onStep));
      rmSync(runFiles(run).state, { force: true }); // the run is recorded as finished
      return { out, logs, report: tokenized.report };
    } finally {
      lock.release();
    }
  } finally {
    policy.dispose();
  }
}

/** What a run is about, and where. */
interface Work {
  run: string;
  /** names configuration and data */
  key: string;
  /** names reference and engine */
  policyKey: string;
  training: TrainingPairs;
}

/** Steps of a run on so many pairs. */
const stepsOf = (pairs: number, { batch, epochs }: TrainOptions) => Math.ceil(pairs / batch) * epochs;

/** Whether the reference's log-probabilities are asked for. */
const refers = ({ objective }: TrainOptions) => needsOf(objective).has("logratio");

/** Logs of a run that is finished, shown as done. */
function knownLogs({ out, options, mask }: TrainRunRequest, { run, training }: Work): StepLog[] | undefined {
  const logs = finishedLog(run, out, stepsOf(training.pairs.length, options));
  if (!logs) return undefined;
  if (refers(options)) showDone(logpsLabel, training.everything.length);
  showDone(trainLabel(options, mask), logs.length, stepNote(logs.at(-1)!));
  return logs;
}

/** Trains, from the last checkpoint if any, and leaves output, log and record, in that order. */
async function trainInto(
  request: TrainRunRequest,
  policy: Policy,
  { run, key, policyKey, training }: Work,
  parallel: boolean,
  onStep?: (log: StepLog) => void,
): Promise<StepLog[]> {
  const { options, out, mask, logpsDir = run } = request;
  const { everything, pairs } = training;
  checkReplaceable(out);
  const { layout, initial, complete, save } = trainable(policy, request);
  const compute = complete
    ? localCompute(policy.model, layout, everything, complete)
    : chooseCompute(policy.model, layout, everything, everything.length * options.epochs, parallel);
  try {
    const chunk = Math.min(chunkPairs, options.microbatch);
    const reference = refers(options)
      ? await cachedLogps(logpsDir, policyKey, compute, initial, everything, chunk)
      : undefined;
    const files = runFiles(run);
    const { logs, weights } = await trainSteps(
      request,
      { compute, initial, pairs, reference, mismatched: mismatchedOf(training, reference) },
      { ...files, key, label: trainLabel(options, mask), save },
      onStep,
    );
    const written = save(out, weights);
    writeJsonl(files.log, logs);
    recordFinished(run, logs.length, written);
    return logs;
  } finally {
    compute.close();
    initial.dispose();
  }
}

/** From the last checkpoint, if any, to the last step; returns all logs and the final weights [P]. */
async function trainSteps(
  { options, seed, out, snapshots = [], checkpointEvery: every = checkpointEvery }: TrainRunRequest,
  work: Omit<StepRequest, "options">,
  files: { log: string; state: string; key: string; label: string; save: Save },
  onStep?: (log: StepLog) => void,
): Promise<{ logs: StepLog[]; weights: Float32Array }> {
  const steps = stepsOf(work.pairs.length, options);
  const resume = readTrainState(files.state, { key: files.key, size: work.initial.size, steps });
  const logs = resume ? readLog(files.log, resume.step) : [];
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
  const progress = startProgress(files.label, steps, resume?.step);
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

function trainLabel({ objective: { name } }: TrainOptions, mask: Mask): string {
  return `train (${name === "dpo" ? "" : `${name}, `}mask: ${mask})`;
}

function stepNote({ loss, margin }: StepLog): string {
  return `loss ${loss.toFixed(3)}, margin ${margin.toFixed(2)}`;
}
