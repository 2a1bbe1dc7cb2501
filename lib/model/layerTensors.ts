/** The tensors of one layer by what they are for, whatever their family calls them and however it joins them. */
import * as tf from "@tensorflow/tfjs";
import { weightRows } from "../engine/half";
import type { TransformerConfig } from "./config";
import type { LayerPart, LinearPart, PartRows, TensorNames } from "./family/family";
import { familyOf } from "./family/registry";
import { param, type Params } from "./params";

/** How a model's weights are laid out. */
export interface Layout {
  names: TensorNames;
  /** of parts that are rows of a tensor they share with others */
  rows: PartRows;
}

export function layoutOf(config: TransformerConfig): Layout {
  const { names, rows } = familyOf(config);
  return { names, rows: rows?.(config) ?? {} };
}

export class LayerTensors {
  /** Layer i of `params`. */
  constructor(
    private readonly params: Params,
    private readonly layout: Layout,
    private readonly i: number,
  ) {}

  /** [out, in] of a projection, [D] of a norm; of a tensor that parts share a copy of the part's rows. */
  weight<T extends tf.Tensor>(part: LayerPart): T {
    return this.own(part, param<T>(this.params, this.name(part, "weight")));
  }

  /** [out], where there is one. */
  bias(part: LinearPart): tf.Tensor1D | undefined {
    const bias = this.params[this.name(part, "bias")] as tf.Tensor1D | undefined;
    return bias && this.own(part, bias);
  }

  /** A [r, in] and B [out, r] of an adapter (`lora.ts`) on a projection, where there is one. */
  adapter(part: LinearPart): { A: tf.Tensor2D; B: tf.Tensor2D } | undefined {
    const B = this.params[this.name(part, "lora_B.weight")] as tf.Tensor2D | undefined;
    return B && { A: param<tf.Tensor2D>(this.params, this.name(part, "lora_A.weight")), B: this.own(part, B) };
  }

  private own<T extends tf.Tensor>(part: LayerPart, tensor: T): T {
    const rows = this.layout.rows[part as LinearPart];
    return rows ? rowsOf(tensor, tf.tensor1d(rows, "int32")) : tensor;
  }

  private name(part: LayerPart, kind: string): string {
    return `${this.layout.names.layers}.${this.i}.${this.layout.names.layer[part]!}.${kind}`;
  }
}

/** Rows of a vector or matrix, with a gradient. */
export function rowsOf<T extends tf.Tensor>(tensor: T, rows: tf.Tensor1D): T {
  return (tensor.rank === 1 ? tf.gather(tensor, rows) : weightRows(tensor as unknown as tf.Tensor2D, rows)) as T;
}
