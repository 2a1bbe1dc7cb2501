/** Weights of norms, as they multiply. */
import * as tf from "@tensorflow/tfjs";
import type { TransformerConfig } from "./config";
import type { NormPart } from "./family/family";
import type { LayerTensors } from "./layerTensors";
import type { QueriesAndKeys } from "./projection";

/** A weight [m] with the offset of its family. */
export function normWeight({ normOffset }: TransformerConfig, weight: tf.Tensor1D): tf.Tensor1D {
  return normOffset ? tf.add(weight, normOffset) : weight;
}

/** The weight of a layer's norm. */
export function layerNormWeight(
  config: TransformerConfig,
  layer: LayerTensors,
  part: NormPart,
  queriesAndKeys: QueriesAndKeys,
): tf.Tensor1D {
  const weight = normWeight(config, layer.weight(part));
  if (part === "queryNorm") return queriesAndKeys.normWeight("query", weight);
  if (part === "keyNorm") return queriesAndKeys.normWeight("key", weight);
  return weight;
}
