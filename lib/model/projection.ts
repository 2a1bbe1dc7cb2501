/**
 * Projections of a layer with their gradients, adapters included (`lora.ts`). N packed tokens, H heads over K key-value
 * heads of size h.
 */
import * as tf from "@tensorflow/tfjs";
import { pairedRows } from "../engine/attention";
import { timesFrozen, timesWeight, widened } from "../engine/half";
import type { TransformerConfig } from "./config";
import type { LinearPart } from "./family/family";
import { rowsOf, type LayerTensors } from "./layerTensors";

/**
 * x [N, in] -> [N, out] by weight, and where there are any adapter and bias.
 * @param frozen whether the weight itself is not trained
 */
export function project(layer: LayerTensors, part: LinearPart, x: tf.Tensor2D, frozen: boolean): tf.Tensor2D {
  const plain = frozen ? timesFrozen(x, () => widened(layer.weight(part))) : timesWeight(x, layer.weight(part));
  const adapter = layer.adapter(part);
  const product: tf.Tensor2D = adapter ? tf.add(plain, lowRank(x, adapter.A, adapter.B)) : plain;
  const bias = layer.bias(part);
  return bias ? tf.add(product, bias) : product;
}

/** x A^T B^T [N, out]. */
function lowRank(x: tf.Tensor2D, A: tf.Tensor2D, B: tf.Tensor2D): tf.Tensor2D {
  return tf.matMul(tf.matMul<tf.Tensor2D>(x, A, false, true), B, false, true);
}

/**
 * Queries and keys as one projection, since both are rotated: their rows as the engine rotates them (`pairedRows`),
 * with attention's scale on those of queries, or on the weight of their norm where they have one. Holds the order of
 * rows until `dispose`.
 */
export class QueriesAndKeys {
  private readonly rows: Record<"query" | "key" | "head", tf.Tensor1D | undefined>;
  private readonly scale: number;

  constructor(private readonly config: TransformerConfig) {
    const { heads, kvHeads, headDim, attentionScale } = config;
    const index = (rows: Int32Array | undefined) => rows && tf.tensor1d(rows, "int32");
    this.rows = {
      query: index(pairedRows(heads, headDim)),
      key: index(pairedRows(kvHeads, headDim)),
      head: index(pairedRows(1, headDim)),
    };
    this.scale = attentionScale ?? 1 / Math.sqrt(headDim);
  }

  /** h [N, D] -> [N, (H+K)*h], as `project`. */
  project(layer: LayerTensors, h: tf.Tensor2D, frozen: boolean): tf.Tensor2D {
    const { heads, kvHeads, headDim } = this.config;
    const bias = this.bias(layer);
    const plain: tf.Tensor2D = frozen
      ? timesFrozen(h, () => this.weight(layer))
      : tf.matMul(h, this.weight(layer), false, true);
    const adapters = { query: layer.adapter("query"), key: layer.adapter("key") };
    const added = (part: "query" | "key", n: number): tf.Tensor2D => {
      const adapter = adapters[part];
      return adapter ? lowRank(h, adapter.A, this.arranged(part, adapter.B)) : tf.zeros([h.shape[0], n * headDim]);
    };
    const product: tf.Tensor2D =
      adapters.query || adapters.key
        ? tf.add(plain, tf.concat([added("query", heads), added("key", kvHeads)], 1))
        : plain;
    return bias ? tf.add(product, bias) : product;
  }

  /** [(H+K)*h, D] */
  weight(layer: LayerTensors): tf.Tensor2D {
    return tf.concat([
      this.arranged("query", widened(layer.weight("query"))),
      this.arranged("key", widened(layer.weight("key"))),
    ]);
  }

  /** [(H+K)*h], where there is one */
  bias(layer: LayerTensors): tf.Tensor1D | undefined {
    const query = layer.bias("query");
    const key = layer.bias("key");
    return query && key && tf.concat([this.arranged("query", query), this.arranged("key", key)]);
  }

  /** The weight of a norm, [h] or of all heads, in the order of what it multiplies. */
  normWeight(part: "query" | "key", weight: tf.Tensor1D): tf.Tensor1D {
    const rows = this.rows[this.config.qkNorm === "head" ? "head" : part];
    const ordered = rows ? rowsOf(weight, rows) : weight;
    return part === "query" ? tf.mul(ordered, this.scale) : ordered;
  }

  dispose(): void {
    tf.dispose(Object.values(this.rows).filter((rows) => rows !== undefined));
  }

  /** Rows of queries or keys in the engine's order, those of queries scaled. */
  private arranged<T extends tf.Tensor1D | tf.Tensor2D>(part: "query" | "key", tensor: T): T {
    const rows = this.rows[part];
    const ordered = rows ? rowsOf(tensor, rows) : tensor;
    return part === "query" && !this.config.qkNorm ? tf.mul<T>(ordered, this.scale) : ordered;
  }
}
