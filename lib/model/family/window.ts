/** Sliding windows in config.json. */
import { z } from "zod";
import type { TransformerConfig } from "../config";

export const windowSchema = z.number().int().positive().nullish();
/** A window of some layers. */
export const layerTypesSchema = z.array(z.enum(["full_attention", "sliding_attention"])).nullish();

type Window = Pick<TransformerConfig, "window">;

/** A window of every layer, where there is one. */
export function allLayers(size: number | null | undefined, layers: number): Window {
  return size ? { window: { size, layers: Array.from({ length: layers }, (_, i) => i) } } : {};
}

/**
 * A window of the layers that `types` names, by default of all but every n-th.
 * @param every n
 */
export function someLayers(
  size: number,
  layers: number,
  types: z.output<typeof layerTypesSchema>,
  every: number,
): Required<Window> {
  const sliding = (i: number): boolean => (types ? types[i] === "sliding_attention" : (i + 1) % every !== 0);
  return { window: { size, layers: Array.from({ length: layers }, (_, i) => i).filter(sliding) } };
}

/** `layer_types` as transformers writes it. */
export function layerTypes({ layers, window }: TransformerConfig): string[] {
  return Array.from({ length: layers }, (_, i) =>
    window?.layers.includes(i) ? "sliding_attention" : "full_attention",
  );
}
