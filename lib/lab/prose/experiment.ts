/**
 * An experiment of the study: the base policy aligned on the pairs of some training topics, in one of the ways, with
 * one rate and beta. Kept under the hash of all that decides it; a killed one goes on from its last checkpoint.
 */
import { existsSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { chooseObjective } from "../../align/objective/registry";
import { trainRun } from "../../align/trainRun";
import { paperTraining } from "../../align/trainOptions";
import { codeVersions } from "../../base/codeVersions";
import { writeFileAtomic } from "../../base/files";
import { hashOf } from "../../base/hash";
import { parseJson, parseRow, readJsonl, writeJsonl } from "../../base/jsonl";
import { runFolder } from "../../base/runFolder";
import { readText } from "../../base/textFile";
import { paperSampling } from "../../model/generate";
import { engineMemory } from "../../engine/memory";
import { policyHash } from "../../model/policy";
import type { MaskKind } from "../../preference/mask";
import { mixingOf } from "../../preference/mixing";
import { buildPairs, preferencePairSchema, type PreferencePair } from "../../preference/pair";
import { annotateCandidates } from "../../factuality/annotator";
import { candidatesOf } from "../candidates";
import type { Kept } from "../kept";
import type { ProsePolicy } from "./evaluate";
import type { ProseStudy } from "./study";

/** The ways to learn from the same pairs; base is the policy before. */
export const proseWays = {
  maskDpo: { label: "Mask-DPO", mask: "paper", dropNoFact: false },
  dpo: { label: "DPO (no mask)", mask: "none", dropNoFact: false },
  random: { label: "random mask", mask: "random", dropNoFact: false },
  factsOnly: { label: "Mask-DPO, no-fact sentences dropped", mask: "paper", dropNoFact: true },
} as const satisfies Record<string, { label: string; mask: MaskKind; dropNoFact: boolean }>;
export type ProseWay = keyof typeof proseWays;
export const proseWayNames = Object.keys(proseWays) as ProseWay[];

/** Bytes from which four pairs at a time fit, which share their long prompts; they take 14 GB, two take 9. */
const roomy = 18e9;

/** What is chosen on validation topics, for each way by itself. */
export interface ProseSetting {
  lr: number;
  beta: number;
}

export interface ProseExperiment extends ProseSetting {
  way: ProseWay;
  /** the first so many training topics */
  topics: number;
}

const number = z.number();
const alignedSchema = z
  .object({
    hash: z.string(),
    pairs: number,
    /** pairs whose mask left a side nothing to learn */
    emptied: number,
    steps: number,
    /** last step's */
    loss: number,
    wrongInChosen: number,
    rightInRejected: number,
  })
  .strict();
export type Aligned = z.output<typeof alignedSchema> & ProsePolicy;

/** Preference pairs of all training topics at the session's seed. */
export async function prosePairs({
  session,
  size,
  base,
  baseHash,
  questions,
  annotator,
}: ProseStudy): Promise<Kept<PreferencePair[]>> {
  const { seed, engine, runs } = session;
  const asked = questions.train;
  const key = {
    policy: baseHash,
    questions: hashOf(asked),
    k: size.candidates,
    maxNewTokens: size.maxNewTokens,
    seed,
    engine: engine.arithmetic,
    code: codeVersions("sampling", "gazetteer", "pairs"),
  };
  const folder = runFolder(runs, "prose-pairs", key);
  const file = path.join(folder, "pairs.jsonl");
  const run = path.basename(folder);
  if (existsSync(file)) return { value: readJsonl(file, preferencePairSchema), run };
  const sampling = { ...paperSampling, maxNewTokens: size.maxNewTokens };
  const { candidates } = await candidatesOf(session, base, asked, size.candidates, sampling, "sample candidates");
  const { pairs } = buildPairs(await annotateCandidates(candidates, asked, annotator), asked, { seed });
  writeJsonl(file, pairs);
  return { value: pairs, run };
}

/** Trains what is missing. @throws UserError where no pair is left to train on */
export async function alignProse(study: ProseStudy, experiment: ProseExperiment): Promise<Kept<Aligned>> {
  const { session, base, baseHash, size } = study;
  const { way, lr, beta, topics } = experiment;
  const { mask, dropNoFact } = proseWays[way];
  const all = await prosePairs(study);
  const asked = new Set(study.questions.train.slice(0, topics).map(({ id }) => id));
  const pairs = all.value.filter(({ questionId }) => asked.has(questionId));
  const decisive = { ...size.training, lr, objective: chooseObjective("dpo", { beta }) };
  const key = {
    reference: baseHash,
    pairs: hashOf(pairs),
    mask,
    dropNoFact,
    training: decisive,
    seed: session.seed,
    engine: session.engine.arithmetic,
    code: codeVersions("training"),
  };
  const folder = runFolder(session.runs, "prose-experiment", key);
  const [file, dir, run] = [path.join(folder, "result.json"), path.join(folder, "policy"), path.basename(folder)];
  if (existsSync(file) && existsSync(path.join(dir, "config.json")))
    return { value: { ...parseRow(alignedSchema, parseJson(readText(file), file), file), dir }, run };
  const { logs, report } = await trainRun({
    policyDir: base,
    pairs,
    mask,
    dropNoFact,
    options: { ...paperTraining, ...decisive, microbatch: engineMemory() > roomy ? 4 : 2 },
    seed: session.seed,
    out: dir,
    logpsDir: path.join(session.runs, "reference"),
  });
  const { wrongInChosen, rightInRejected } = mixingOf(pairs).sentences;
  const aligned = {
    hash: policyHash(dir),
    pairs: report.kept,
    emptied: report.emptied.length,
    steps: logs.length,
    loss: logs.at(-1)!.loss,
    wrongInChosen,
    rightInRejected,
  };
  writeFileAtomic(file, `${JSON.stringify(aligned)}\n`);
  return { value: { ...aligned, dir }, run };
}
