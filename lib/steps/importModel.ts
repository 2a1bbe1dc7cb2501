/** The verb `import-model`: a Hugging Face folder of a GGUF file. */
import path from "node:path";
import { writeFileAtomic } from "../base/files";
import { writeFolderAtomic } from "../base/folders";
import { checkReplaceable, openCheckpoint } from "../model/checkpoint";
import { toHfConfig } from "../model/configFile";
import { ggufConfig } from "../model/gguf/config";
import { readGguf } from "../model/gguf/file";
import { ggufTokenizer } from "../model/gguf/tokenizer";
import { ggufWeights } from "../model/gguf/weights";
import { writePieces } from "../model/safetensors/safetensors";
import { weightCount } from "../model/weights";

export interface ModelImport {
  file: string;
  out: string;
  /** Other files of the folder by name, as JSON. */
  beside?: Readonly<Record<string, unknown>>;
}

export interface ImportedModel {
  architecture: string;
  weights: number;
  /** How the file stores its matrices, most of them first. */
  stored: string[];
  chatTemplate: boolean;
}

/**
 * Writes the folder, whole or not at all: numbers of 16 bits as they are, quantised ones as float32, exactly.
 * @throws UserError for a damaged file, or naming what of it is not supported: an architecture, a quantisation, a
 * pre-tokenizer
 */
export function importModelVerb({ file, out, beside = {} }: ModelImport): ImportedModel {
  const gguf = readGguf(file);
  const { config, rotated } = ggufConfig(gguf);
  const tokenizer = ggufTokenizer(gguf, config.vocabSize);
  const weights = ggufWeights(gguf, config, rotated);
  const types = new Set([...weights.values()].filter(({ shape }) => shape.length > 1).map(({ dtype }) => dtype));
  const dtype = types.size > 1 || types.has("F32") ? "float32" : types.has("F16") ? "float16" : "bfloat16";
  const { bos_token_id, eos_token_id, pad_token_id } = toHfConfig(config);
  const files = {
    "config.json": { ...toHfConfig(config), torch_dtype: dtype },
    "generation_config.json": defined({ bos_token_id, eos_token_id, pad_token_id }),
    ...tokenizer,
    ...beside,
  };
  writeFolderAtomic(out, checkReplaceable, (next) => {
    writePieces(path.join(next, "model.safetensors"), weights);
    for (const [name, value] of Object.entries(files))
      writeFileAtomic(path.join(next, name), `${JSON.stringify(value, null, name === "tokenizer.json" ? 0 : 2)}\n`);
    openCheckpoint(next);
  });
  const stored = new Map<string, number>();
  for (const { shape, type } of gguf.tensors.values())
    if (shape.length > 1) stored.set(type.name, (stored.get(type.name) ?? 0) + 1);
  return {
    architecture: config.architecture,
    weights: weightCount(config),
    stored: [...stored].sort(([, a], [, b]) => b - a).map(([name]) => name),
    chatTemplate: "chat_template" in tokenizer["tokenizer_config.json"],
  };
}

function defined(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}
