/**
 * Rotary embeddings in config.json. transformers 4 keeps `rope_theta` and `rope_scaling`, transformers 5 one
 * `rope_parameters`; both are read, with transformers 5's precedence, and both are written.
 */
import { z } from "zod";
import { UserError, brief } from "../../base/check";
import type { RopeScaling, TransformerConfig } from "../config";

export const ropeSchema = z
  .object({
    rope_theta: z.number().positive().optional(),
    rope_type: z.string().optional(),
    type: z.string().optional(),
    factor: z.number().min(1).optional(),
    low_freq_factor: z.number().positive().optional(),
    high_freq_factor: z.number().positive().optional(),
    original_max_position_embeddings: z.number().int().positive().optional(),
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
 * @param maxPositions the model's positions: what llama3 scaling grew from where it does not say
 * @throws UserError for another scaling
 */
export function readRope(
  hf: HfRopeKeys,
  maxPositions: number,
  where: string,
): Pick<TransformerConfig, "ropeTheta" | "ropeScaling"> {
  const given = hf.rope_scaling ?? hf.rope_parameters ?? {};
  const ropeTheta = given.rope_theta ?? hf.rope_theta ?? 10000;
  const type = given.rope_type ?? given.type ?? "default";
  if ((given.partial_rotary_factor ?? 1) !== 1) {
    throw unsupported(where, "partial_rotary_factor 1", given.partial_rotary_factor);
  }
  if (type === "default") return { ropeTheta };
  if (type !== "linear" && type !== "llama3" && type !== "dynamic") {
    throw unsupported(where, "rotary scaling default, linear, dynamic or llama3", type);
  }
  const { factor, low_freq_factor: lowFreqFactor, high_freq_factor: highFreqFactor } = given;
  if (factor === undefined) throw unsupported(where, `a factor for ${type} rotary scaling`, given);
  if (type !== "llama3") return { ropeTheta, ropeScaling: { type, factor } };
  if (lowFreqFactor === undefined || highFreqFactor === undefined || highFreqFactor <= lowFreqFactor) {
    throw unsupported(where, "low_freq_factor below high_freq_factor for llama3 rotary scaling", given);
  }
  const originalMaxPositions = given.original_max_position_embeddings ?? maxPositions;
  return { ropeTheta, ropeScaling: { type, factor, lowFreqFactor, highFreqFactor, originalMaxPositions } };
}

/** The keys of both versions. */
export function hfRope({ ropeTheta, ropeScaling }: TransformerConfig): Record<string, unknown> {
  const scaling = ropeScaling && hfScaling(ropeScaling);
  return {
    rope_theta: ropeTheta,
    rope_scaling: scaling ?? null,
    rope_parameters: { rope_theta: ropeTheta, ...(scaling ?? { rope_type: "default" }) },
  };
}

function hfScaling(scaling: RopeScaling): Record<string, unknown> {
  if (scaling.type !== "llama3") return { rope_type: scaling.type, factor: scaling.factor };
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
