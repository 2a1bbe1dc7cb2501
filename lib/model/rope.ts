/**
 * Inverse frequencies of rotary position embeddings, with linear, Llama 3.1 and YaRN scaling.
 * Each step is rounded to float32, as torch computes it in transformers' modeling_rope_utils.
 */
import type { Rope, RopeScaling } from "./config";

const f32 = Math.fround;

/** Angle per position in radians, one per pair of head dimensions: [headDim / 2]. */
export function ropeInverseFrequencies({ headDim, ropeTheta, ropeScaling }: Rope & { headDim: number }): Float32Array {
  return Float32Array.from({ length: headDim / 2 }, (_, i) => {
    const wave = f32(ropeTheta ** f32((2 * i) / headDim));
    if (ropeScaling?.type === "yarn") return yarn(wave, i, headDim, ropeTheta, ropeScaling);
    return ropeScaling ? scaled(f32(1 / wave), ropeScaling) : f32(1 / wave);
  });
}

/** What cosines and sines are multiplied by. */
export function ropeAttentionFactor({ ropeScaling }: Rope): number {
  return ropeScaling?.type === "yarn" ? ropeScaling.attentionFactor : 1;
}

/** Llama 3.1 keeps fast rotations, slows long waves by `factor`, and blends between the two bounds. */
function scaled(frequency: number, scaling: Exclude<RopeScaling, { type: "yarn" }>): number {
  if (scaling.type === "dynamic") return frequency; // within the model's positions
  if (scaling.type === "linear") return f32(frequency / scaling.factor);
  const { factor, lowFreqFactor, highFreqFactor, originalMaxPositions } = scaling;
  const wavelength = f32(f32(1 / frequency) * f32(2 * Math.PI)); // torch divides a number by a tensor this way
  if (wavelength < originalMaxPositions / highFreqFactor) return frequency;
  if (wavelength > originalMaxPositions / lowFreqFactor) return f32(frequency / factor);
  const smooth = f32(
    f32(f32(f32(1 / wavelength) * originalMaxPositions) - lowFreqFactor) / (highFreqFactor - lowFreqFactor),
  );
  return f32(f32(f32(f32(1 - smooth) * frequency) / factor) + f32(smooth * frequency));
}

/**
 * YaRN (Peng et al. 2023, §3.2) keeps dimensions that turn more than `betaFast` times within the original positions,
 * slows those that turn less than `betaSlow` times by `factor`, and blends between them by dimension.
 * @param wave theta^(2i/h)
 */
function yarn(
  wave: number,
  i: number,
  headDim: number,
  theta: number,
  { factor, betaFast, betaSlow, originalMaxPositions, truncate }: Extract<RopeScaling, { type: "yarn" }>,
): number {
  const dimensionOf = (turns: number): number =>
    (headDim * Math.log(originalMaxPositions / (turns * 2 * Math.PI))) / (2 * Math.log(theta));
  const bounds = [dimensionOf(betaFast), dimensionOf(betaSlow)] as const;
  const low = Math.max(truncate ? Math.floor(bounds[0]) : bounds[0], 0);
  const most = Math.min(truncate ? Math.ceil(bounds[1]) : bounds[1], headDim - 1);
  const high = low === most ? most + 0.001 : most;
  const ramp = Math.min(Math.max(f32(f32(i - f32(low)) / f32(high - low)), 0), 1);
  const kept = f32(1 - ramp);
  return f32(f32(f32(1 / f32(factor * wave)) * f32(1 - kept)) + f32(f32(1 / wave) * kept));
}
