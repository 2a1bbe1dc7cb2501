/**
 * A decoder-only transformer as a function of its parameters, named and shaped as Hugging Face writes them.
 * N packed tokens, D hidden size, V vocabulary.
 */
import * as tf from "@tensorflow/tfjs";
import { causalMask, ropeAttention, softCapped, type Angles, type AttentionRows } from "../engine/attention";
import { isHalf, timesWeight, widenedRows } from "../engine/half";
import { rmsNorm, takeRows } from "../engine/kernels";
import { recomputed } from "../engine/recompute";
import { block, gateOf } from "./block";
import type { TransformerConfig } from "./config";
import { LayerTensors, layoutOf, type Layout } from "./layerTensors";
import { LayerViews, type LayerView } from "./layerViews";
import { layerNormWeight, normWeight } from "./norms";
import { packSequences, type Packing } from "./packing";
import { isAdapted, isAdapters, param, type Params } from "./params";
import { project, QueriesAndKeys } from "./projection";
import { headName } from "./weights";

interface AttentionInputs {
  rows: AttentionRows;
  angles: Angles | undefined;
}

/**
 * The forward pass with its constant tables, which live until `dispose`. With `gradientCheckpointing` the gradient
 * keeps of a layer only its input and computes the layer again: a third more work (with an adapter a half), far less
 * memory, the same numbers.
 */
export class Transformer {
  private readonly layout: Layout;
  private readonly layers: LayerViews;
  private readonly masks = new Map<string, tf.Tensor2D>();
  private readonly queriesAndKeys: QueriesAndKeys;

  constructor(
    readonly config: TransformerConfig,
    readonly gradientCheckpointing = false,
  ) {
    this.layout = layoutOf(config);
    this.layers = new LayerViews(config);
    this.queriesAndKeys = new QueriesAndKeys(config);
  }

  /** Final normed hidden states [N, D] of packed tokens. */
  hidden(params: Params, packing: Packing): tf.Tensor2D {
    return this.states(params, packing).at(-1)!;
  }

  /**
   * Hidden states [N, D] by layer, as transformers' `hidden_states`: the embeddings, the output of every block but the
   * last, the last one's normed.
   */
  states(params: Params, packing: Packing): tf.Tensor2D[] {
    const { config, layers } = this;
    const { names } = this.layout;
    const frozen = isAdapted(params);
    const inputs = this.gradientCheckpointing
      ? undefined
      : layers.views.map((view) => this.attentionInputs(packing, view));
    const embeddings = param<tf.Tensor2D>(params, `${names.embedding}.weight`);
    const ids = tf.tensor1d(packing.ids, "int32");
    const rows = frozen || isHalf(embeddings) ? widenedRows(embeddings, ids) : takeRows(embeddings, ids);
    let x: tf.Tensor2D = config.embeddingScale ? tf.mul(rows, config.embeddingScale) : rows;
    const states = [x];
    for (let i = 0; i < config.layers; i++) {
      x = inputs
        ? this.layer(params, i, x, layers.of(inputs, i), frozen)
        : this.recomputedLayer(params, i, x, packing, frozen);
      states.push(x);
    }
    const weight = param<tf.Tensor1D>(params, `${names.norm}.weight`);
    states[config.layers] = rmsNorm(x, normWeight(config, weight), config.rmsEps);
    return states;
  }

  /** Logits [R, T, V] of ids [R][T]: for checks; training computes them only where the loss looks (`engine/head`). */
  logits(params: Params, ids: readonly ArrayLike<number>[]): tf.Tensor3D {
    return tf.tidy(() => {
      const packing = packSequences(ids);
      const tokens = tf.tensor1d(
        packing.tokens.flatMap((row) => Array.from(row)),
        "int32",
      );
      const hidden = tf.gather(this.hidden(params, packing), tokens);
      const { logitCap, vocabSize } = this.config;
      const product = timesWeight(hidden, param<tf.Tensor2D>(params, headName(this.config)));
      const logits = logitCap ? softCapped(product, logitCap) : product;
      return tf.reshape(logits, [ids.length, ids[0]!.length, vocabSize]) as tf.Tensor3D;
    });
  }

  dispose(): void {
    tf.dispose([...this.masks.values()]);
    this.masks.clear();
    this.queriesAndKeys.dispose();
    this.layers.dispose();
  }

  /** x [N, D] through layer i. */
  private layer(
    params: Params,
    i: number,
    x: tf.Tensor2D,
    { rows, angles }: AttentionInputs,
    frozen: boolean,
  ): tf.Tensor2D {
    const { config, queriesAndKeys } = this;
    const own = new LayerTensors(params, this.layout, i);
    return block(config, x, {
      norm: (part, x) => rmsNorm(x, layerNormWeight(config, own, part, queriesAndKeys), config.rmsEps),
      project: (part, x) => project(own, part, x, frozen),
      queriesAndKeys: (h) => queriesAndKeys.project(own, h, frozen),
      attend: (queriesAndKeys, values) => ropeAttention(queriesAndKeys, values, config, angles, rows),
      gated: gateOf(config).block,
    });
  }

  /**
   * The same, of which only what is trained and x are kept; the indices are made again, as they do not outlive the way
   * forth.
   */
  private recomputedLayer(params: Params, i: number, x: tf.Tensor2D, packing: Packing, frozen: boolean): tf.Tensor2D {
    const trained = Object.keys(params).filter(
      (name) => name.startsWith(`${this.layout.names.layers}.${i}.`) && (!frozen || isAdapters(name)),
    );
    return recomputed([x, ...trained.map((name) => params[name]!)], ([x, ...own]) => {
      const again = { ...params, ...Object.fromEntries(trained.map((name, j) => [name, own[j]!])) };
      const view = this.layers.of(this.layers.views, i);
      return this.layer(again, i, x, this.attentionInputs(packing, view), frozen);
    });
  }

  /** Indices and angles of a packing. */
  private attentionInputs(
    { groups, slots, slotOf, positions }: Packing,
    { window, angles }: LayerView,
  ): AttentionInputs {
    const N = positions.length;
    const longest = groups.at(-1)!.length; // groups are in order of length
    const at = angles?.at(tf.tensor1d(positions, "int32"), longest);
    const owners = new Int32Array(slots.length).fill(N);
    slotOf.forEach((slot, token) => (owners[slot] = token));
    return {
      angles: at && { cos: tf.expandDims(at.cos, 1), sin: tf.expandDims(at.sin, 1) },
      rows: {
        groups: groups.map(({ rows, length }) => ({ rows, length, mask: this.mask(length, window) })),
        slots: tf.tensor1d(slots, "int32"),
        slotOf: tf.tensor1d(slotOf, "int32"),
        owners: tf.tensor1d(owners, "int32"),
      },
    };
  }

  private mask(length: number, window: number): tf.Tensor2D {
    const key = `${length} ${Math.min(window, length)}`;
    let mask = this.masks.get(key);
    if (!mask) this.masks.set(key, (mask = tf.keep(causalMask(length, window))));
    return mask;
  }
}
