/** The weights of a model by what its family calls them: names, shapes, how many there are. */
import type { TransformerConfig } from "./config";
import type { LayerPart, NormPart } from "./family/family";
import { familyOf } from "./family/registry";

/** [out, in] of projections, [D] of norms; whether there is a bias [out]. */
interface PartShape {
  shape: number[];
  bias?: boolean;
}

function layerShapes(config: TransformerConfig): Record<LayerPart, PartShape> {
  const { hiddenSize: D, intermediateSize: I, headDim, qkvBias, oBias, mlpBias, qkNorm } = config;
  const Q = config.heads * headDim;
  const K = config.kvHeads * headDim;
  return {
    query: { shape: [Q, D], bias: qkvBias },
    key: { shape: [K, D], bias: qkvBias },
    value: { shape: [K, D], bias: qkvBias },
    output: { shape: [D, Q], bias: oBias },
    gate: { shape: [I, D], bias: mlpBias },
    up: { shape: [I, D], bias: mlpBias },
    down: { shape: [D, I], bias: mlpBias },
    attentionNorm: { shape: [D] },
    attentionOutputNorm: { shape: [D] },
    mlpNorm: { shape: [D] },
    mlpOutputNorm: { shape: [D] },
    queryNorm: { shape: [qkNorm === "heads" ? Q : headDim] },
    keyNorm: { shape: [qkNorm === "heads" ? K : headDim] },
  };
}

/** Modules of a layer by part, in the family's order. */
function modules(config: TransformerConfig): [LayerPart, string][] {
  return Object.entries(familyOf(config).names.layer) as [LayerPart, string][];
}

/** Norms that a layer has. */
export function normParts(config: TransformerConfig): NormPart[] {
  return modules(config).flatMap(([part]) => (part.endsWith("Norm") ? [part as NormPart] : []));
}

/** Names and shapes of a model's weights, as transformers names and orders them; linear weights are [out, in]. */
export function weightShapes(config: TransformerConfig): Map<string, number[]> {
  const { hiddenSize: D, vocabSize: V } = config;
  const { names } = familyOf(config);
  const parts = layerShapes(config);
  const shapes = new Map<string, number[]>([[`${names.embedding}.weight`, [V, D]]]);
  for (let i = 0; i < config.layers; i++) {
    for (const [part, module] of modules(config)) {
      const { shape, bias } = parts[part];
      const name = `${names.layers}.${i}.${module}`;
      const rows = (shapes.get(`${name}.weight`)?.[0] ?? 0) + shape[0]!; // below those of parts that share the tensor
      shapes.set(`${name}.weight`, [rows, ...shape.slice(1)]);
      if (bias) shapes.set(`${name}.bias`, [rows]);
    }
  }
  shapes.set(`${names.norm}.weight`, [D]);
  if (!config.tied) shapes.set(headName(config), [V, D]);
  return shapes;
}

/** Name of the matrix that turns hidden states into logits [V, D]. */
export function headName(config: TransformerConfig): string {
  const { embedding, head } = familyOf(config).names;
  return `${config.tied ? embedding : head}.weight`;
}

/** What an adapter may adapt: the projections of a layer, by the last word of their names, as PEFT's target modules. */
export function loraTargets(config: TransformerConfig): string[] {
  const parts = layerShapes(config);
  const projections = modules(config).filter(([part]) => parts[part].shape.length === 2);
  return [...new Set(projections.map(([, module]) => module.split(".").at(-1)!))];
}

/** How many numbers the weights of a model are. */
export function weightCount(config: TransformerConfig): number {
  return [...weightShapes(config).values()].reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0);
}

/**
 * Up to so many weights a model is small: several processes, each with copies of them, are faster than one. Larger ones
 * keep several threads busy, and their memory is worth saving.
 */
export const mostSmallWeights = 1 << 26;

export function isLarge(config: TransformerConfig): boolean {
  return weightCount(config) > mostSmallWeights;
}
