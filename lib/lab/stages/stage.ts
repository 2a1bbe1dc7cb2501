/**
 * A chain of stages: each begins from the policy that the one before it left, which is also its reference, makes rows
 * to train on, and trains. A stage's folder is named by the hash of all stages up to it, so that chains share
 * beginnings; each stage runs once, and what was stopped goes on.
 */
import { existsSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { trainOptionsSchema } from "../../align/trainOptions";
import { trainRun } from "../../align/trainRun";
import { codeVersions } from "../../base/codeVersions";
import { writeFileAtomic } from "../../base/files";
import { parseJson, parseRow } from "../../base/jsonl";
import { readText } from "../../base/textFile";
import { folderName, runFolder } from "../../base/runFolder";
import { readCheckpointConfig } from "../../model/checkpoint";
import { policyHash } from "../../model/policy";
import { maskKinds } from "../../preference/mask";
import { tokenizeFor } from "../../preference/tokenizeFor";
import { loadTokenizer } from "../../text/tokenizer";
import { policyDir, shippedHash, worldKey, type Session } from "../session";
import { candidatePairs, candidatePairsSchema } from "./candidatePairs";
import { corrections, correctionsSchema } from "./corrections";
import { demonstrations, demonstrationsSchema } from "./demonstrations";
import { goals, goalsSchema } from "./goals";
import { premises, premisesSchema } from "./premises";
import { rewarded, rewardedSchema } from "./rewarded";
import type { MadeRows, RowContext } from "./rowContext";
import { tokenWeights, tokenWeightsSchema } from "./tokenWeights";

const rowsSchema = z.discriminatedUnion("rows", [
  candidatePairsSchema,
  demonstrationsSchema,
  goalsSchema,
  tokenWeightsSchema,
  premisesSchema,
  correctionsSchema,
  rewardedSchema,
]);
export const stageSchema = z
  .object({ rows: rowsSchema, mask: z.enum(maskKinds), training: trainOptionsSchema })
  .strict();
export type Stage = z.output<typeof stageSchema>;

/** Stages from the policy that is aligned, at a seed. */
export interface Chain {
  stages: readonly Stage[];
  seed: number;
}

const stageResultSchema = z
  .object({
    /** hash of the policy that came out */
    policy: z.string(),
    rows: z.number(),
    steps: z.number(),
    measures: z.record(z.number()),
  })
  .strict();
export type StageResult = z.output<typeof stageResultSchema>;

/** Name of the run folder of a chain's last stage. */
export function stageName(session: Session, chain: Chain): string {
  return folderName("stage", keyOf(session, chain));
}

/** Where a chain's policy is. */
export function stagePolicy(session: Session, chain: Chain): string {
  return chain.stages.length === 0
    ? policyDir(session, "base")
    : path.join(session.runs, stageName(session, chain), "policy");
}

/** What a chain's last stage came to, where it ran. @throws UserError for a damaged file */
export function knownStage(session: Session, chain: Chain): StageResult | undefined {
  const file = path.join(session.runs, stageName(session, chain), "result.json");
  return existsSync(file) ? parseRow(stageResultSchema, parseJson(readText(file), file), file) : undefined;
}

/** Chains that have to be there before a chain's last stage: all but that, and what its rows are made from. */
export function neededBy({ stages, seed }: Chain): Chain[] {
  const before = stages.slice(0, -1);
  const contrast = Object.values(contrastOf(stages.at(-1)!) ?? {});
  return [...(before.length > 0 ? [before] : []), ...contrast].map((stages) => ({ stages, seed }));
}

/** The contrastive policies of TIS-DPO, trained on the same pairs in both orders. */
function contrastOf({ rows }: Stage): Record<"plus" | "minus", Stage[]> | undefined {
  if (rows.rows !== "weighted") return undefined;
  const trainedOn = (flip?: true): Stage[] => [
    {
      rows: { rows: "pairs", choose: "best-worst", from: 0, to: 1, ...(flip && { flip }) },
      mask: "none",
      training: rows.contrast,
    },
  ];
  return { plus: trainedOn(), minus: trainedOn(true) };
}

/** Computes a chain's last stage; what it needs is there. @throws UserError where no row is left to train on */
export async function runStage(session: Session, chain: Chain): Promise<void> {
  const own = { ...session, seed: chain.seed };
  if (knownStage(own, chain)) return;
  const folder = runFolder(own.runs, "stage", keyOf(own, chain));
  const { rows: source, mask, training } = chain.stages.at(-1)!;
  const from = stagePolicy(own, { ...chain, stages: chain.stages.slice(0, -1) });
  const contrast = contrastOf(chain.stages.at(-1)!);
  const at = (stages: Stage[]) => stagePolicy(own, { stages, seed: chain.seed });
  const context: RowContext = {
    session: own,
    policyDir: from,
    firstDir: policyDir(own, "base"),
    ...(contrast && { contrast: { plus: at(contrast.plus), minus: at(contrast.minus) } }),
  };
  const { rows, measures, reweigh } = await makeRows(context, source);
  const plain = tokenizeFor(loadTokenizer(from), readCheckpointConfig(from), rows, mask, chain.seed);
  const weighted = reweigh ? await reweigh(plain) : { tokenized: plain, measures: {} };
  const out = path.join(folder, "policy");
  const { logs, report } = await trainRun({
    policyDir: from,
    pairs: rows,
    tokenized: weighted.tokenized,
    mask,
    options: training,
    seed: chain.seed,
    out,
    logpsDir: path.join(own.runs, "reference"),
  });
  const result: StageResult = {
    policy: policyHash(out),
    rows: report.kept,
    steps: logs.length,
    measures: { ...measures, ...weighted.measures },
  };
  writeFileAtomic(path.join(folder, "result.json"), `${JSON.stringify(result)}\n`);
}

function makeRows(context: RowContext, source: Stage["rows"]): Promise<MadeRows> {
  switch (source.rows) {
    case "pairs":
      return candidatePairs(context, source);
    case "demonstrations":
      return demonstrations(context, source);
    case "goals":
      return goals(context, source);
    case "weighted":
      return tokenWeights(context, source);
    case "premises":
      return premises(context, source);
    case "corrected":
      return corrections(context, source);
    case "rewarded":
      return rewarded(context, source);
  }
}

function keyOf(session: Session, { stages, seed }: Chain): object {
  const { topics, questionsPerTopic, candidates } = session.preset;
  return {
    reference: shippedHash(session, "base"),
    stages,
    seed,
    ...worldKey(session),
    pool: { topics, questionsPerTopic, candidates },
    engine: session.engine.arithmetic,
    code: codeVersions("sampling", "annotation", "pairs", "training"),
  };
}
