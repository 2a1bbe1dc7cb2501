/**
 * Inverse frequencies of rotary position embeddings, with linear and Llama 3.1 scaling.
 * Each step is rounded to float32, as torch computes it in transformers' modeling_rope_utils.
 */
import type { TransformerConfig, RopeScaling } from "./config";

const f32 = Math.fround;

/** Angle per position in radians, one per pair of head dimensions: [headDim / 2]. */
export function ropeInverseFrequencies({ headDim, ropeTheta, ropeScaling }: TransformerConfig): Float32Array {
  return Float32Array.from({ length: headDim / 2 }, (_, i) => {
    const frequency = f32(1 / f32(ropeTheta ** f32((2 * i) / headDim)));
    return ropeScaling ? scaled(frequency, ropeScaling) : frequency;
  });
}

/** Llama 3.1 keeps fast rotations, slows long waves by `factor`, and blends between the two bounds. */
function scaled(frequency: number, scaling: RopeScaling): number {
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
