/** What attention of each layer goes by: how positions rotate, and how many of them it sees. */
import { AngleTable } from "../engine/attention";
import type { Rope, TransformerConfig } from "./config";
import { ropeAttentionFactor, ropeInverseFrequencies } from "./rope";

/** Of layers that are alike. */
export interface LayerView {
  /** Latest positions that are seen, Infinity for all. */
  window: number;
  /** None where nothing is rotated. */
  angles: AngleTable | undefined;
}

/** The views there are, which live until `dispose`, and whose each layer is. */
export class LayerViews {
  readonly views: readonly LayerView[];
  /** Index of a layer's view. */
  private readonly byLayer: readonly number[];

  constructor({ layers, headDim, ropeTheta, ropeScaling, window, unrotated }: TransformerConfig) {
    const table = (rope: Rope) =>
      new AngleTable(ropeInverseFrequencies({ headDim, ...rope }), ropeAttentionFactor(rope));
    const own = { ropeTheta, ropeScaling };
    const views: LayerView[] = [];
    const known = new Map<string, number>();
    this.byLayer = Array.from({ length: layers }, (_, i) => {
      const sliding = window?.layers.includes(i) ?? false;
      const rotated = !unrotated?.includes(i);
      const key = `${sliding} ${rotated}`;
      const index = known.get(key) ?? views.length;
      if (index === views.length) {
        const rope = (sliding && window?.rope) || own;
        views.push({ window: sliding ? window!.size : Infinity, angles: rotated ? table(rope) : undefined });
        known.set(key, index);
      }
      return index;
    });
    this.views = views;
  }

  /** What was made for every view, for layer i. */
  of<T>(made: readonly T[], i: number): T {
    return made[this.byLayer[i]!]!;
  }

  dispose(): void {
    for (const { angles } of this.views) angles?.dispose();
  }
}
