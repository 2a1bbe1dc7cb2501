/** Training runs as a report reads them: settings and logs, of an own run or of the PyTorch loop. */
import path from "node:path";
import { z } from "zod";
import { existsSync } from "node:fs";
import { decisiveOptionsSchema, stepLogSchema } from "../../align/trainOptions";
import { UserError } from "../../base/check";
import { parseJson, parseRow, readJsonl, required } from "../../base/jsonl";
import { readText } from "../../base/textFile";
import { maskKinds } from "../../preference/mask";
import type { Named } from "./answers";

const number = z.number();

/** What the PyTorch recipes log, too. */
const logSchema = stepLogSchema
  .pick({
    step: true,
    loss: true,
    accuracy: true,
    margin: true,
    chosenReward: true,
    rejectedReward: true,
    gradNorm: true,
  })
  .strip();

const trainingSchema = z.object({
  reference: z.string(),
  pairs: z.string(),
  mask: z.enum(maskKinds),
  seed: number,
  engine: z.string(),
  options: decisiveOptionsSchema,
  lora: z.object({ rank: number }).optional(),
});

export interface Training extends Named {
  logs: z.output<typeof logSchema>[];
  /** Not there for what `export --to torch` trained elsewhere. */
  run?: z.output<typeof trainingSchema>;
  /** config.json of the policy, or of the model its adapter was trained for; only for a run on the pairs given. */
  config?: string;
}

/** Beside the folder where `train` left it, inside where the loop of `export --to torch` did. */
export function logFile(dir: string): string {
  return [path.join(`${dir}.run`, "log.jsonl"), path.join(dir, "log.jsonl")].find((file) => existsSync(file)) ?? "";
}

/** @param pairsHash of the pairs of the report @throws UserError where there is no log, or training has not ended */
export function readTraining({ name, file: dir }: Named, pairsHash?: string): Training {
  const log = logFile(dir);
  const file = path.join(`${dir}.run`, "run.json");
  if (!log)
    throw new UserError({
      where: `--trained ${name}`,
      expected: `a folder that training left, with ${dir}.run/log.jsonl beside it or log.jsonl inside`,
      got: dir,
      fix: "Name what mask-dpo train --out was given, or leave the policy out of --trained.",
    });
  if (!existsSync(dir) || existsSync(path.join(`${dir}.run`, "state.safetensors")))
    throw new UserError({
      where: `--trained ${name}`,
      expected: "a training that has ended",
      got: `one that was stopped, in ${dir}.run`,
      fix: "Give the same mask-dpo train again, which goes on from there.",
    });
  const run = existsSync(file) ? parseRow(trainingSchema, parseJson(readText(file), file), file) : undefined;
  return {
    name,
    file: dir,
    logs: required(readJsonl(log, logSchema), log, "step"),
    run,
    config: run && run.pairs === pairsHash ? configFile(dir) : undefined,
  };
}

function configFile(dir: string): string {
  const adapter = path.join(dir, "adapter_config.json");
  const adapterSchema = z.object({ base_model_name_or_path: z.string() });
  return path.join(
    existsSync(adapter)
      ? parseRow(adapterSchema, parseJson(readText(adapter), adapter), adapter).base_model_name_or_path
      : dir,
    "config.json",
  );
}
