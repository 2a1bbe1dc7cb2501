/**
 * Rotary embeddings in config.json. transformers 4 keeps `rope_theta` and `rope_scaling`, transformers 5 one
 * `rope_parameters`; both are read, with transformers 5's precedence, and both are written.
 */
import { z } from "zod";
import { UserError, brief } from "../../base/check";
import type { Rope, RopeScaling } from "../config";

export const ropeSchema = z
  .object({
    rope_theta: z.number().positive().optional(),
    rope_type: z.string().optional(),
    type: z.string().optional(),
    factor: z.number().min(1).optional(),
    low_freq_factor: z.number().positive().optional(),
    high_freq_factor: z.number().positive().optional(),
    original_max_position_embeddings: z.number().int().positive().optional(),
    attention_factor: z.number().positive().nullish(),
    beta_fast: z.number().positive().nullish(),
    beta_slow: z.number().positive().nullish(),
    mscale: z.undefined({ message: "mscale is not supported" }),
    mscale_all_dim: z.undefined({ message: "mscale_all_dim is not supported" }),
    truncate: z.boolean().optional(),
    partial_rotary_factor: z.number().optional(),
    full_attention: z.undefined({ message: "rotary parameters by layer type are not supported" }),
  })
  .passthrough()
  .nullish();

type HfRope = z.output<typeof ropeSchema>;

/** Keys of config.json that say how positions rotate. */
interface HfRopeKeys {
  rope_theta?: number | null;
  rope_scaling?: HfRope;
  rope_parameters?: HfRope;
}

/**
 * @param maxPositions the model's positions: what llama3 and YaRN scaling grew from where they do not say
 * @throws UserError for another scaling
 */
export function readRope(hf: HfRopeKeys, maxPositions: number, where: string): Rope {
  const given = hf.rope_scaling ?? hf.rope_parameters ?? {};
  const ropeTheta = given.rope_theta ?? hf.rope_theta ?? 10000;
  const type = given.rope_type ?? given.type ?? "default";
  if ((given.partial_rotary_factor ?? 1) !== 1) {
    throw unsupported(where, "partial_rotary_factor 1", given.partial_rotary_factor);
  }
  if (type === "default") return { ropeTheta };
  if (type !== "linear" && type !== "llama3" && type !== "dynamic" && type !== "yarn") {
    throw unsupported(where, "rotary scaling default, linear, dynamic, llama3 or yarn", type);
  }
  const { factor, low_freq_factor: lowFreqFactor, high_freq_factor: highFreqFactor } = given;
  if (factor === undefined) throw unsupported(where, `a factor for ${type} rotary scaling`, given);
  if (type === "linear" || type === "dynamic") return { ropeTheta, ropeScaling: { type, factor } };
  const originalMaxPositions = given.original_max_position_embeddings ?? maxPositions;
  if (type === "yarn") {
    const attentionFactor = given.attention_factor ?? (factor <= 1 ? 1 : 0.1 * Math.log(factor) + 1);
    const [betaFast, betaSlow] = [given.beta_fast ?? 32, given.beta_slow ?? 1];
    const { truncate = true } = given;
    return {
      ropeTheta,
      ropeScaling: { type, factor, attentionFactor, betaFast, betaSlow, originalMaxPositions, truncate },
    };
  }
  if (lowFreqFactor === undefined || highFreqFactor === undefined || highFreqFactor <= lowFreqFactor) {
    throw unsupported(where, "low_freq_factor below high_freq_factor for llama3 rotary scaling", given);
  }
  return { ropeTheta, ropeScaling: { type, factor, lowFreqFactor, highFreqFactor, originalMaxPositions } };
}

/** The keys of both versions. */
export function hfRope({ ropeTheta, ropeScaling }: Rope): Record<string, unknown> {
  const scaling = ropeScaling && hfScaling(ropeScaling);
  return {
    rope_theta: ropeTheta,
    rope_scaling: scaling ?? null,
    rope_parameters: { rope_theta: ropeTheta, ...(scaling ?? { rope_type: "default" }) },
  };
}

function hfScaling(scaling: RopeScaling): Record<string, unknown> {
  if (scaling.type === "linear" || scaling.type === "dynamic")
    return { rope_type: scaling.type, factor: scaling.factor };
  if (scaling.type === "yarn") {
    return {
      rope_type: "yarn",
      factor: scaling.factor,
      attention_factor: scaling.attentionFactor,
      beta_fast: scaling.betaFast,
      beta_slow: scaling.betaSlow,
      original_max_position_embeddings: scaling.originalMaxPositions,
      truncate: scaling.truncate,
    };
  }
  return {
    rope_type: "llama3",
    factor: scaling.factor,
    low_freq_factor: scaling.lowFreqFactor,
    high_freq_factor: scaling.highFreqFactor,
    original_max_position_embeddings: scaling.originalMaxPositions,
  };
}

function unsupported(where: string, expected: string, got: unknown): UserError {
  return new UserError({
    where,
    expected,
    got: brief(got),
    fix: "This rotary embedding is not supported; use another checkpoint.",
  });
}
