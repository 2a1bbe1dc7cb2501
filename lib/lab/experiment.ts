/**
 * An experiment: one policy aligned on one set of pairs under one mask, with its settings and its seed. Rows of
 * Tables 1-5 are experiments over several seeds. Its folder is named by the hash of all that determines it, so
 * notebooks ask for what they need and only what is missing runs; a killed experiment goes on where it was.
 */
import { existsSync, rmSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { trainOptionsSchema } from "../align/trainOptions";
import { writeFileAtomic } from "../base/files";
import { parseJson, parseRow } from "../base/jsonl";
import { readText } from "../base/textFile";
import { policyHash } from "../model/policy";
import { ownNameSchema } from "../base/own";
import { maskKinds } from "../preference/mask";
import { mixingOf } from "../preference/mixing";
import type { PreferencePair } from "../preference/pair";
import type { AnswerTotals } from "../evaluation/answerTotals";
import { evaluate, knownEvaluation, type EvaluationName } from "./evaluate";
import { pairsOf, pairSourceSchema } from "./pairSource";
import { folderName, runFolder } from "../base/runFolder";
import { policyDir, policyNames, shippedHash, worldKey, type Session } from "./session";
import { snapshotFolder, trainRun, type TrainRun } from "../align/trainRun";
import { knownTrack, trackSteps, writeTrack, type Track } from "./track";
import { codeVersions } from "../base/codeVersions";

export const experimentSchema = z
  .object({
    policy: z.enum(policyNames),
    pairs: pairSourceSchema,
    mask: z.union([z.enum(maskKinds), ownNameSchema]),
    training: trainOptionsSchema,
    seed: z.number().int().nonnegative(),
    /** Also keep and evaluate the policy at some steps on the way. */
    snapshots: z.boolean(),
  })
  .strict();
export type Experiment = z.output<typeof experimentSchema>;

/** An experiment and what of it is to be evaluated. */
export interface ExperimentRequest {
  experiment: Experiment;
  evaluations: readonly EvaluationName[];
  /** whether probabilities are followed on the way */
  track?: boolean;
}

const number = z.number();
const alignmentSchema = z
  .object({
    /** hash of the policy that came out */
    policy: z.string(),
    /** pairs trained on, pairs whose mask emptied a side, steps */
    pairs: number,
    emptied: number,
    steps: number,
    /** share of wrong sentences in chosen and of right ones in rejected sides */
    wrongInChosen: number,
    rightInRejected: number,
    /** steps of the snapshots, and the hashes of their policies */
    snapshots: z.array(z.object({ step: number, policy: z.string() }).strict()),
  })
  .strict();
/** What is kept of a training run. */
export type Alignment = z.infer<typeof alignmentSchema>;

export interface ExperimentResult extends Omit<Alignment, "snapshots"> {
  experiment: Experiment;
  /** name of its run folder */
  run: string;
  answers: Partial<Record<EvaluationName, AnswerTotals>>;
  /** sampled test answers on the way */
  snapshots: { step: number; answers: AnswerTotals }[];
  /** where it was asked for */
  track?: Track;
}

/** Where its trained policy is. */
export function trainedPolicy(session: Session, experiment: Experiment): string {
  return path.join(session.runs, experimentName(session, experiment), "policy");
}

/** Name of its run folder. */
export function experimentName(session: Session, experiment: Experiment): string {
  return folderName("experiment", keyOf(session, experiment));
}

/** The result, where everything asked for was computed before. */
export function knownResult(
  session: Session,
  { experiment, evaluations, track: tracked }: ExperimentRequest,
): ExperimentResult | undefined {
  const own = { ...session, seed: experiment.seed };
  const run = experimentName(session, experiment);
  const file = path.join(session.runs, run, "result.json");
  if (!existsSync(file)) return undefined;
  const { snapshots, ...alignment } = parseRow(alignmentSchema, parseJson(readText(file), file), file);
  const answers = Object.fromEntries(evaluations.map((name) => [name, knownEvaluation(own, alignment.policy, name)]));
  const onTheWay = snapshots.map(({ step, policy }) => ({
    step,
    answers: knownEvaluation(own, policy, "test sampled"),
  }));
  if ([...Object.values(answers), ...onTheWay.map((snapshot) => snapshot.answers)].includes(undefined))
    return undefined;
  const track = tracked ? knownTrack(path.join(session.runs, run)) : undefined;
  if (tracked && !track) return undefined;
  const snapshotAnswers = onTheWay as ExperimentResult["snapshots"];
  return { ...alignment, experiment, run, answers, snapshots: snapshotAnswers, ...(track && { track }) };
}

/** Computes what is missing of a request. @throws UserError where no pair is left to train on */
export async function runExperiment(
  session: Session,
  { experiment, evaluations, track = false }: ExperimentRequest,
): Promise<void> {
  const own = { ...session, seed: experiment.seed };
  const { policy, snapshots, steps } = await align(own, experiment, track);
  if (track) await follow(own, experiment, steps);
  const out = trainedPolicy(own, experiment);
  for (const { step, policy: hash } of snapshots) await evaluate(own, snapshotFolder(out, step), "test sampled", hash);
  for (const name of evaluations) await evaluate(own, out, name, policy);
}

async function align(session: Session, experiment: Experiment, track: boolean): Promise<Alignment> {
  const { training } = experiment;
  const folder = runFolder(session.runs, "experiment", keyOf(session, experiment));
  const file = path.join(folder, "result.json");
  if (existsSync(file)) return parseRow(alignmentSchema, parseJson(readText(file), file), file);
  const pairs = await pairsOf(session, experiment.pairs);
  const out = path.join(folder, "policy");
  const steps = experiment.snapshots ? snapshotSteps(Math.ceil(pairs.length / training.batch) * training.epochs) : [];
  const tracked = track ? trackSteps(pairs.length, training) : [];
  const { logs, report } = await trainInto(session, experiment, pairs, out, [...steps, ...tracked]);
  const { wrongInChosen, rightInRejected } = mixingOf(pairs).sentences;
  const alignment: Alignment = {
    policy: policyHash(out),
    pairs: report.kept,
    emptied: report.emptied.length,
    steps: logs.length,
    wrongInChosen,
    rightInRejected,
    snapshots: steps
      .filter((step) => existsSync(snapshotFolder(out, step)))
      .map((step) => ({ step, policy: policyHash(snapshotFolder(out, step)) })),
  };
  writeFileAtomic(file, `${JSON.stringify(alignment)}\n`);
  return alignment;
}

function trainInto(
  session: Session,
  { policy, mask, training, seed }: Experiment,
  pairs: readonly PreferencePair[],
  out: string,
  snapshots: readonly number[],
): Promise<TrainRun> {
  return trainRun({
    policyDir: policyDir(session, policy),
    pairs,
    mask,
    options: training,
    seed,
    out,
    logpsDir: path.join(session.runs, "reference"),
    snapshots,
  });
}

/** Follows probabilities from policy to policy; an experiment that kept none on the way is trained once more. */
async function follow(session: Session, experiment: Experiment, last: number): Promise<void> {
  const folder = path.dirname(trainedPolicy(session, experiment));
  if (knownTrack(folder)) return;
  const { policy, snapshots, training } = experiment;
  const pairs = await pairsOf(session, experiment.pairs);
  const steps = trackSteps(pairs.length, training).filter((step) => step < last);
  const kept = path.join(folder, "policy");
  const again = path.join(folder, "tracked");
  const there = steps.every((step) => existsSync(snapshotFolder(kept, step)));
  const out = there ? kept : again;
  if (!there) await trainInto(session, experiment, pairs, out, steps);
  const onTheWay = steps.map((step) => ({ step, dir: snapshotFolder(out, step) }));
  await writeTrack(session, folder, pairs, [
    { step: 0, dir: policyDir(session, policy) },
    ...onTheWay,
    { step: last, dir: out },
  ]);
  const evaluated = snapshots ? snapshotSteps(Math.ceil(pairs.length / training.batch) * training.epochs) : [];
  for (const { step, dir } of onTheWay)
    if (out === again || !evaluated.includes(step)) rmSync(dir, { recursive: true, force: true });
  for (const dir of [again, `${again}.run`]) rmSync(dir, { recursive: true, force: true });
}

/** Early steps, where a mask shows first, more densely than late ones; the last step is the policy itself. */
function snapshotSteps(steps: number): number[] {
  return [...new Set([1 / 8, 1 / 4, 1 / 2].map((share) => Math.round(share * steps)))].filter(
    (step) => step > 0 && step < steps,
  );
}

function keyOf(session: Session, { policy, ...experiment }: Experiment): object {
  const { topics, questionsPerTopic, candidates } = session.preset; // the pool that pairs are taken from
  return {
    policy,
    reference: shippedHash(session, policy),
    ...experiment,
    ...worldKey(session),
    pool: { topics, questionsPerTopic, candidates },
    engine: session.engine.arithmetic,
    code: codeVersions("sampling", "annotation", "pairs", "training"),
  };
}
