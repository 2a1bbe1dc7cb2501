/** config.json of a checkpoint: which family it is of, and that family's reading and writing of it. */
import { z } from "zod";
import { UserError, brief } from "../base/check";
import { parseJson, parseRow } from "../base/jsonl";
import { readText } from "../base/textFile";
import type { TransformerConfig } from "./config";
import { families, familyOf } from "./family/registry";

const kindSchema = z
  .object({ architectures: z.array(z.string()).nullish(), model_type: z.string().nullish() })
  .passthrough();
const dtypeSchema = z.object({ dtype: z.string().nullish(), torch_dtype: z.string().nullish() });

/**
 * Reads config.json.
 * @throws UserError for an architecture of no family here, an unsupported option or a missing key
 */
export function readConfig(file: string): TransformerConfig {
  return parseConfig(parseJson(readText(file), file), file);
}

/**
 * The type of the weights as config.json has it (`dtype`, in transformers 4 `torch_dtype`): "bfloat16", say; "" where
 * it is silent. @throws UserError as `readConfig`
 */
export function storedType(file: string): string {
  const { dtype, torch_dtype } = parseRow(dtypeSchema, parseJson(readText(file), file), file);
  return dtype ?? torch_dtype ?? "";
}

/** `readConfig` on a parsed value. @param where file name for messages */
export function parseConfig(value: unknown, where: string): TransformerConfig {
  const kind = parseRow(kindSchema, value, where);
  const named = kind.architectures?.[0] ?? kind.model_type ?? "none";
  const family = families.find(({ architecture, modelType }) => named === architecture || named === modelType);
  if (family) return family.read(value, where);
  throw new UserError({
    where,
    expected: `architecture ${families.map(({ architecture }) => architecture).join(" or ")}`,
    got: brief(named),
    fix: "Use a checkpoint of one of these architectures.",
  });
}

/** The config.json that transformers 4 and 5 read back as this model. */
export function toHfConfig(config: TransformerConfig): Record<string, unknown> {
  return familyOf(config).write(config);
}
