/** The tensors of one layer by what they are for, whatever their family calls them. */
import type * as tf from "@tensorflow/tfjs";
import type { LayerPart, LinearPart, TensorNames } from "./family/family";
import { param, type Params } from "./params";

export class LayerTensors {
  /** Layer i of `params`. */
  constructor(
    private readonly params: Params,
    private readonly names: TensorNames,
    private readonly i: number,
  ) {}

  /** [out, in] of a projection, [D] of a norm. */
  weight<T extends tf.Tensor>(part: LayerPart): T {
    return param<T>(this.params, this.name(part, "weight"));
  }

  /** [out], where there is one. */
  bias(part: LinearPart): tf.Tensor1D | undefined {
    return this.params[this.name(part, "bias")] as tf.Tensor1D | undefined;
  }

  /** A [r, in] and B [out, r] of an adapter (`lora.ts`) on a projection, where there is one. */
  adapter(part: LinearPart): { A: tf.Tensor2D; B: tf.Tensor2D } | undefined {
    const B = this.params[this.name(part, "lora_B.weight")] as tf.Tensor2D | undefined;
    return B && { A: param<tf.Tensor2D>(this.params, this.name(part, "lora_A.weight")), B };
  }

  private name(part: LayerPart, kind: string): string {
    return `${this.names.layers}.${this.i}.${this.names.layer[part]}.${kind}`;
  }
}
