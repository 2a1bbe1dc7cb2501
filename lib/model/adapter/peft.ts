/** Adapters in PEFT's files. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { UserError, brief } from "../../base/check";
import { writeFileAtomic } from "../../base/files";
import { restoreFolder, writeFolderAtomic, type FolderFiles } from "../../base/folders";
import { parseJson, parseRow } from "../../base/jsonl";
import { readText } from "../../base/textFile";
import { tokenizerFileNames } from "../../text/tokenizerFiles";
import { checkReplaceable, finite } from "../checkpoint";
import type { TransformerConfig } from "../config";
import { adapterShapes, type Adapter, type LoraConfig } from "./lora";
import { targetedModules, type TargetModules } from "./peftTargets";
import { readSafetensors, writeSafetensors, type HostTensor } from "../safetensors/safetensors";
import { loraTargets } from "../weights";

const peftPrefix = "base_model.model.";
const marker = "adapter_config.json";

const configSchema = z
  .object({
    peft_type: z.literal("LORA"),
    r: z.number().int().positive(),
    lora_alpha: z.number().positive(),
    target_modules: z.union([z.string().min(1), z.array(z.string()).min(1)], {
      errorMap: () => ({ message: "expected a pattern or a list of names" }),
    }),
    use_rslora: z.boolean().default(false),
    init_lora_weights: z.unknown(),
  })
  .passthrough();
/** Keys that say nothing about what an adapter computes: dropout acts in training only. */
const silent = [
  "task_type",
  "base_model_name_or_path",
  "revision",
  "inference_mode",
  "lora_dropout",
  "auto_mapping",
  "peft_version",
  "megatron_core",
  "qalora_group_size",
];

/**
 * Reads a folder that PEFT, or `writeAdapter`, left.
 * @param model what it must fit
 * @throws UserError for a missing file, an option that is not supported (named), or tensors that are not this adapter's
 */
export function readAdapter(dir: string, model: TransformerConfig): Adapter {
  restoreFolder(dir);
  const file = path.join(dir, marker);
  if (!existsSync(file))
    throw new UserError({
      where: dir,
      expected: `the folder of an adapter, with ${marker}`,
      got: existsSync(path.join(dir, "config.json"))
        ? "a whole policy"
        : existsSync(dir)
          ? "something else"
          : "nothing",
      fix: "Give the folder that train --lora-rank left; a whole policy is a --model as it is.",
    });
  const row = parseRow(configSchema, parseJson(readText(file), file), file);
  const {
    peft_type: _,
    r: rank,
    lora_alpha: alpha,
    target_modules,
    use_rslora: rslora,
    init_lora_weights: start,
    ...rest
  } = row;
  const refuse = (expected: string, got: unknown): never => {
    throw new UserError({
      where: file,
      expected,
      got: brief(got),
      fix: "Merge this adapter with PEFT and use the merged checkpoint.",
    });
  };
  for (const [key, value] of Object.entries(rest)) {
    const off =
      value === null ||
      value === false ||
      value === "none" ||
      (typeof value === "object" && Object.keys(value).length === 0);
    if (!off && !silent.includes(key)) refuse(`an adapter without ${key}`, value);
  }
  if (typeof start === "string" && start !== "gaussian")
    refuse("an adapter that leaves the base as it is (init_lora_weights)", start);
  const known = loraTargets(model);
  const projectionOf = (module: string) => known.find((name) => module.endsWith(`.${name}`));
  const modules = targeted(model, target_modules, (got) => refuse("target_modules that are understood here", got));
  const other = modules.length === 0 ? target_modules : modules.find((module) => !projectionOf(module));
  if (other !== undefined)
    refuse(`target_modules among ${known.join(", ")}`, typeof other === "string" ? other.split(".").at(-1) : other);
  const config: LoraConfig = {
    rank,
    alpha,
    targets: known.filter((name) => modules.some((module) => projectionOf(module) === name)),
    rslora,
  };
  const weights = path.join(dir, "adapter_model.safetensors");
  const reader = readSafetensors(weights);
  const shapes = new Map(
    [...adapterShapes(model, config)].filter(([name]) => modules.includes(name.replace(/\.lora_[AB]\.weight$/, ""))),
  );
  const extra = reader.names.find((name) => !name.startsWith(peftPrefix) || !shapes.has(name.slice(peftPrefix.length)));
  const fix = "Check that the adapter belongs to this model.";
  if (extra !== undefined)
    throw new UserError({
      where: weights,
      expected: "no tensors but lora_A and lora_B of the target modules",
      got: brief(extra),
      fix,
    });
  const tensors = new Map(
    [...shapes].map(([name, shape]): [string, HostTensor] => {
      if (!reader.has(peftPrefix + name))
        throw new UserError({
          where: weights,
          expected: `a tensor ${brief(peftPrefix + name)}`,
          got: 'none, though "target_modules" names its module',
          fix,
        });
      const got = reader.shape(peftPrefix + name);
      if (got.join() !== shape.join())
        throw new UserError({
          where: weights,
          expected: `${name} of shape [${shape.join(", ")}]`,
          got: `[${got.join(", ")}]`,
          fix,
        });
      return [name, finite(reader.get(peftPrefix + name), name, weights)];
    }),
  );
  return { config, tensors };
}

function targeted(model: TransformerConfig, targets: TargetModules, refuse: (got: string) => never): string[] {
  try {
    return targetedModules(model, targets);
  } catch (error) {
    return refuse((error as Error).message);
  }
}

/**
 * Writes a folder that PEFT loads, whole or not at all, with the files of the base's tokenizer.
 * @returns what it holds
 * @throws UserError when `dir` holds something that no such writing left
 */
export function writeAdapter(dir: string, { config, tensors }: Adapter, baseDir: string): FolderFiles {
  return writeFolderAtomic(dir, checkReplaceable, (next) => {
    writeSafetensors(
      path.join(next, "adapter_model.safetensors"),
      new Map([...tensors].map(([name, tensor]) => [peftPrefix + name, tensor])),
    );
    const row = {
      peft_type: "LORA",
      task_type: "CAUSAL_LM",
      base_model_name_or_path: baseDir,
      r: config.rank,
      lora_alpha: config.alpha,
      target_modules: config.targets,
      use_rslora: config.rslora,
      lora_dropout: 0,
      bias: "none",
      fan_in_fan_out: false,
      inference_mode: true,
      init_lora_weights: true,
      modules_to_save: null,
    };
    writeFileAtomic(path.join(next, marker), `${JSON.stringify(row, null, 2)}\n`);
    for (const name of tokenizerFileNames)
      if (existsSync(path.join(baseDir, name)))
        writeFileAtomic(path.join(next, name), readFileSync(path.join(baseDir, name)));
  });
}
