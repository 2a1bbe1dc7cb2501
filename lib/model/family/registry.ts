/** The families there are. */
import type { TransformerConfig } from "../config";
import type { Family } from "./family";
import { llama } from "./llama";
import { qwen2 } from "./qwen2";

export const families: readonly Family[] = [llama, qwen2];

/** The family of a model. */
export function familyOf({ architecture }: Pick<TransformerConfig, "architecture">): Family {
  const family = families.find((one) => one.architecture === architecture);
  if (family) return family;
  const known = families.map((one) => one.architecture).join(", ");
  throw new Error(`familyOf: expected an architecture among ${known}, got "${architecture}"`);
}
