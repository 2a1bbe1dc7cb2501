/**
 * A decoder-only transformer as a function of its parameters, named and shaped as Hugging Face writes them.
 * N packed tokens, D hidden size, V vocabulary.
 */
import * as tf from "@tensorflow/tfjs";
import { AngleTable, causalMask, ropeAttention, type Angles, type AttentionRows } from "../engine/attention";
import { isHalf, timesWeight, widenedRows } from "../engine/half";
import { rmsNorm, swiglu, takeRows } from "../engine/kernels";
import { recomputed } from "../engine/recompute";
import { block } from "./block";
import type { TransformerConfig } from "./config";
import type { TensorNames } from "./family/family";
import { familyOf } from "./family/registry";
import { LayerTensors } from "./layerTensors";
import { packSequences, type Packing } from "./packing";
import { isAdapted, isAdapters, param, type Params } from "./params";
import { project, QueriesAndKeys } from "./projection";
import { ropeInverseFrequencies } from "./rope";
import { headName } from "./weights";

interface AttentionInputs {
  rows: AttentionRows;
  angles: Angles;
}

/**
 * The forward pass with its constant tables, which live until `dispose`. With `gradientCheckpointing` the gradient
 * keeps of a layer only its input and computes the layer again: a third more work (with an adapter a half), far less
 * memory, the same numbers.
 */
export class Transformer {
  private readonly names: TensorNames;
  private readonly angles: AngleTable;
  private readonly masks = new Map<number, tf.Tensor2D>();
  private readonly queriesAndKeys: QueriesAndKeys;

  constructor(
    readonly config: TransformerConfig,
    readonly gradientCheckpointing = false,
  ) {
    this.names = familyOf(config).names;
    this.angles = new AngleTable(ropeInverseFrequencies(config));
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
    const { config, names } = this;
    const frozen = isAdapted(params);
    const inputs = this.gradientCheckpointing ? undefined : this.attentionInputs(packing);
    const embeddings = param<tf.Tensor2D>(params, `${names.embedding}.weight`);
    const ids = tf.tensor1d(packing.ids, "int32");
    let x = frozen || isHalf(embeddings) ? widenedRows(embeddings, ids) : takeRows(embeddings, ids);
    const states = [x];
    for (let i = 0; i < config.layers; i++) {
      x = inputs ? this.layer(params, i, x, inputs, frozen) : this.recomputedLayer(params, i, x, packing, frozen);
      states.push(x);
    }
    states[config.layers] = rmsNorm(x, param<tf.Tensor1D>(params, `${names.norm}.weight`), config.rmsEps);
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
      const logits = timesWeight(hidden, param<tf.Tensor2D>(params, headName(this.config)));
      return tf.reshape(logits, [ids.length, ids[0]!.length, this.config.vocabSize]) as tf.Tensor3D;
    });
  }

  dispose(): void {
    tf.dispose([...this.masks.values()]);
    this.masks.clear();
    this.queriesAndKeys.dispose();
    this.angles.dispose();
  }

  /** x [N, D] through layer i. */
  private layer(
    params: Params,
    i: number,
    x: tf.Tensor2D,
    { rows, angles }: AttentionInputs,
    frozen: boolean,
  ): tf.Tensor2D {
    const own = new LayerTensors(params, this.names, i);
    return block(x, {
      norm: (part, x) => rmsNorm(x, own.weight(part), this.config.rmsEps),
      project: (part, x) => project(own, part, x, frozen),
      queriesAndKeys: (h) => this.queriesAndKeys.project(own, h, frozen),
      attend: (queriesAndKeys, values) => ropeAttention(queriesAndKeys, values, this.config, angles, rows),
      swiglu,
    });
  }

  /**
   * The same, of which only what is trained and x are kept; the indices are made again, as they do not outlive the way
   * forth.
   */
  private recomputedLayer(params: Params, i: number, x: tf.Tensor2D, packing: Packing, frozen: boolean): tf.Tensor2D {
    const trained = Object.keys(params).filter(
      (name) => name.startsWith(`${this.names.layers}.${i}.`) && (!frozen || isAdapters(name)),
    );
    return recomputed([x, ...trained.map((name) => params[name]!)], ([x, ...own]) => {
      const again = { ...params, ...Object.fromEntries(trained.map((name, j) => [name, own[j]!])) };
      return this.layer(again, i, x, this.attentionInputs(packing), frozen);
    });
  }

  /** Indices and angles of a packing. */
  private attentionInputs({ groups, slots, slotOf, positions }: Packing): AttentionInputs {
    const N = positions.length;
    const longest = groups.at(-1)!.length; // groups are in order of length
    const { cos, sin } = this.angles.at(tf.tensor1d(positions, "int32"), longest);
    const owners = new Int32Array(slots.length).fill(N);
    slotOf.forEach((slot, token) => (owners[slot] = token));
    return {
      angles: { cos: tf.expandDims(cos, 1), sin: tf.expandDims(sin, 1) },
      rows: {
        groups: groups.map(({ rows, length }) => ({ rows, length, mask: this.mask(length) })),
        slots: tf.tensor1d(slots, "int32"),
        slotOf: tf.tensor1d(slotOf, "int32"),
        owners: tf.tensor1d(owners, "int32"),
      },
    };
  }

  private mask(length: number): tf.Tensor2D {
    let mask = this.masks.get(length);
    if (!mask) this.masks.set(length, (mask = tf.keep(causalMask(length))));
    return mask;
  }
}
