/** The families there are. */
import type { TransformerConfig } from "../config";
import type { Family } from "./family";
import { gemma2 } from "./gemma2";
import { gemma3 } from "./gemma3";
import { internlm2 } from "./internlm2";
import { llama } from "./llama";
import { mistral } from "./mistral";
import { olmo2 } from "./olmo2";
import { phi3 } from "./phi3";
import { qwen2 } from "./qwen2";
import { qwen3 } from "./qwen3";
import { smollm3 } from "./smollm3";

export const families: readonly Family[] = [
  llama,
  qwen2,
  mistral,
  qwen3,
  smollm3,
  olmo2,
  gemma2,
  gemma3,
  phi3,
  internlm2,
];

/** The family of a model. */
export function familyOf({ architecture }: Pick<TransformerConfig, "architecture">): Family {
  const family = families.find((one) => one.architecture === architecture);
  if (family) return family;
  const known = families.map((one) => one.architecture).join(", ");
  throw new Error(`familyOf: expected an architecture among ${known}, got "${architecture}"`);
}
