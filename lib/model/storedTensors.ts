/**
 * How the tensors of a checkpoint's files become weights where config.json alone does not say it, as in transformers 5:
 * a head that config.json ties to the embedding is its own where the files hold both and they differ; where they hold
 * only one of the two, that one is both; and tensors of no use are left aside, by name.
 */
import { andMore } from "../base/check";
import { notice } from "../base/notice";
import type { TransformerConfig } from "./config";
import { familyOf } from "./family/registry";
import type { SafetensorsReader } from "./safetensors/safetensors";
import { weightShapes } from "./weights";

/** Buffers that older transformers stored and none reads. */
const buffers = /rotary_emb\.inv_freq$|(^|\.)position_ids$/;

function tiedNames(config: TransformerConfig): { embedding: string; head: string } {
  const { embedding, head } = familyOf(config).names;
  return { embedding: `${embedding}.weight`, head: `${head}.weight` };
}

/** The configuration of the weights that the files hold. @param where the folder, for the message */
export function withStoredHead(config: TransformerConfig, reader: SafetensorsReader, where: string): TransformerConfig {
  const { embedding, head } = tiedNames(config);
  const both = [embedding, head].every((name) => reader.has(name));
  if (!config.tied || !both || reader.equal(embedding, head)) return config;
  notice(`${where}: ${head} is not the embedding that config.json ties it to, and is used, as transformers 5 does`);
  return { ...config, tied: false };
}

/** The name under which the files hold a weight. */
export function storedName(name: string, config: TransformerConfig, reader: SafetensorsReader): string {
  const { embedding, head } = tiedNames(config);
  return config.tied && name === embedding && !reader.has(embedding) && reader.has(head) ? head : name;
}

/** Tensors of the files that the model has no use for; those not known to be harmless are said to be ignored. */
export function unusedTensors(config: TransformerConfig, reader: SafetensorsReader, where: string): string[] {
  const shapes = weightShapes(config);
  const unused = reader.names.filter((name) => !shapes.has(name));
  const head = config.tied ? tiedNames(config).head : undefined;
  const unknown = unused.filter((name) => name !== head && !buffers.test(name));
  if (unknown.length > 0)
    notice(`${where}: tensors the model has no use for are ignored, as in transformers: ${andMore(unknown)}`);
  return unused;
}
