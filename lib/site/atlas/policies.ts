/** The policies of the page, from numbers rather than folders. */
import * as tf from "@tensorflow/tfjs";
import { unflatten, unflattenHost, type FlatLayout } from "../../align/flat";
import { widenHalves } from "../../base/float16";
import { adapterShapes, mergedTensors, type LoraConfig } from "../../model/adapter/lora";
import type { TransformerConfig } from "../../model/config";
import { uploadParams, type Params } from "../../model/params";
import type { Policy } from "../../model/policy";
import { Transformer } from "../../model/transformer";
import { weightShapes } from "../../model/weights";
import { SpellingTokenizer, type Tokenizer } from "../../text/spellingTokenizer";
import type { TokenizerFiles } from "../../text/tokenizerFiles";
import type { Facts } from "../../world/atlasOf";

/** What stands beside the numbers. */
export interface AtlasInfo {
  config: TransformerConfig;
  tokenizer: Omit<TokenizerFiles, "rows">;
  lora: LoraConfig;
  facts: Facts;
}

/** Where each weight lies in a vector of all of them [P]. */
export function layoutOf(shapes: ReadonlyMap<string, readonly number[]>): FlatLayout {
  return {
    names: [...shapes.keys()],
    shapes: [...shapes.values()].map((shape) => shape.slice()),
    sizes: [...shapes.values()].map((shape) => shape.reduce((a, b) => a * b, 1)),
  };
}

export function floatsOf(halves: Uint8Array): Float32Array {
  const bits = new Uint16Array(halves.buffer, halves.byteOffset, halves.byteLength / 2);
  const floats = new Float32Array(bits.length);
  widenHalves(bits, "F16", floats);
  return floats;
}

/** Makes policies of one model; the caller disposes them. */
export class Policies {
  readonly layout: FlatLayout;
  readonly tokenizer: Tokenizer;
  private readonly config: TransformerConfig;

  constructor({ config, tokenizer }: Pick<AtlasInfo, "config" | "tokenizer">) {
    this.config = config;
    this.layout = layoutOf(weightShapes(config));
    this.tokenizer = new SpellingTokenizer({ ...tokenizer, rows: config.vocabSize });
  }

  /** @param weights [P] */
  of(weights: Float32Array): Policy {
    const flat = tf.tensor1d(weights);
    const params = unflatten(flat, this.layout);
    flat.dispose();
    return this.running(params);
  }

  /** @param adapter its tensors, one after the other, added to the weights [P] */
  adapted(weights: Float32Array, adapter: Float32Array, lora: LoraConfig): Policy {
    const { config, tokenizer } = this;
    const shapes = weightShapes(config);
    const host = unflattenHost(weights, this.layout);
    const base = {
      config,
      tokenizer,
      extra: [],
      shapes,
      read: (name: string) => ({ shape: host.get(name)!.shape, data: host.get(name)!.data.slice() }),
      half: () => undefined,
      readHalves: (name: string) => host.get(name)!.data,
    };
    const tensors = unflattenHost(adapter, layoutOf(adapterShapes(config, lora)));
    return this.running(uploadParams(mergedTensors(base, { config: lora, tensors })));
  }

  private running(params: Params): Policy {
    const model = new Transformer(this.config);
    const dispose = (): void => {
      model.dispose();
      tf.dispose(params);
    };
    return { dir: "the page", model, params, tokenizer: this.tokenizer, dispose };
  }
}
