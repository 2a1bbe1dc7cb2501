/** A frozen model arranged for decoding: weights transposed, queries and keys joined with attention's scale in them. */
import * as tf from "@tensorflow/tfjs";
import type { TransformerConfig } from "./config";
import type { LinearPart, NormPart } from "./family/family";
import { LayerTensors, layoutOf } from "./layerTensors";
import { layerNormWeight, normWeight } from "./norms";
import { param, type Params } from "./params";
import { QueriesAndKeys } from "./projection";
import { headName, normParts } from "./weights";

/**
 * A projection [in, out], or [out, in] where weights are used in place, with its bias [out]. (A type, not an interface:
 * `tf.tidy` takes no interfaces.)
 */
export type Linear = { weight: tf.Tensor2D; bias: tf.Tensor1D | undefined };

type ArrangedLinear = Exclude<LinearPart, "query" | "key"> | "queriesAndKeys";

/** Norms are times the root of their size: what the decoder divides by is a root of a sum, not of a mean. */
export type DecoderLayer = {
  linears: Record<ArrangedLinear, Linear>;
  norms: Partial<Record<NormPart, tf.Tensor>>;
};

export interface DecoderWeights {
  /** [V, D] */
  embedding: tf.Tensor2D;
  layers: DecoderLayer[];
  norm: tf.Tensor;
  /** [D, vocabulary], in place [V, D] */
  head: tf.Tensor2D;
  /** Tensors made here, which are not among `params`. */
  own: tf.Tensor[];
}

/** @param vocabulary how many ids have logits @param inPlace large weights are not copied but used where they are */
export function arrangedWeights(
  config: TransformerConfig,
  params: Params,
  vocabulary: number,
  inPlace: boolean,
): DecoderWeights {
  const layout = layoutOf(config);
  const { names } = layout;
  const head = param<tf.Tensor2D>(params, headName(config));
  const queriesAndKeys = new QueriesAndKeys(config);
  const made = {
    head: inPlace ? head : tf.tidy(() => tf.transpose(tf.slice(head, 0, vocabulary))),
    norm: tf.tidy(() => scaledNorm(normWeight(config, param(params, `${names.norm}.weight`)))),
    layers: Array.from({ length: config.layers }, (_, i) =>
      arrangedLayer(config, new LayerTensors(params, layout, i), queriesAndKeys, inPlace),
    ),
  };
  queriesAndKeys.dispose();
  const callers = new Set<tf.Tensor>(Object.values(params));
  const tensors = [made.head, made.norm, ...made.layers.flatMap(tensorsOf)];
  return {
    embedding: param(params, `${names.embedding}.weight`),
    ...made,
    own: tensors.filter((tensor) => !callers.has(tensor)),
  };
}

function arrangedLayer(
  config: TransformerConfig,
  layer: LayerTensors,
  queriesAndKeys: QueriesAndKeys,
  inPlace: boolean,
): DecoderLayer {
  const arranged = (weight: tf.Tensor2D): tf.Tensor2D => (inPlace ? weight : tf.transpose(weight));
  const linear = (part: LinearPart): Linear => ({
    weight: arranged(layer.weight(part)),
    bias: layer.bias(part),
  });
  return tf.tidy(() => ({
    linears: {
      queriesAndKeys: { weight: arranged(queriesAndKeys.weight(layer)), bias: queriesAndKeys.bias(layer) },
      value: linear("value"),
      output: linear("output"),
      gate: linear("gate"),
      up: linear("up"),
      down: linear("down"),
    },
    norms: Object.fromEntries(
      normParts(config).map((part) => [part, scaledNorm(layerNormWeight(config, layer, part, queriesAndKeys))]),
    ),
  }));
}

function scaledNorm(weight: tf.Tensor): tf.Tensor {
  return tf.mul(weight, Math.sqrt(weight.size));
}

function tensorsOf({ norms, linears }: DecoderLayer): tf.Tensor[] {
  const ofLinears = Object.values(linears).flatMap(({ weight, bias }) => (bias ? [weight, bias] : [weight]));
  return [...Object.values(norms), ...ofLinears];
}
