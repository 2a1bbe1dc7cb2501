/**
 * A training state on disk: one safetensors file, written atomically, so that a killed run goes on bitwise where it
 * was.
 */
import { existsSync } from "node:fs";
import { UserError } from "../base/check";
import { readSafetensors, writeSafetensors } from "../model/safetensors";
import type { TrainState } from "./train";

/** @param key what the state belongs to (hash of configuration and data) */
export function writeTrainState(file: string, key: string, { step, weights, m, v }: TrainState): void {
  const tensors = new Map(
    Object.entries({ weights, m, v }).map(([name, data]) => [name, { shape: [data.length], data }]),
  );
  writeSafetensors(file, tensors, { key, step: String(step) });
}

/**
 * The state, or undefined where none was written yet.
 * @throws UserError when it belongs to another run or has another size
 */
export function readTrainState(file: string, key: string, size: number): TrainState | undefined {
  if (!existsSync(file)) return undefined;
  const { metadata, get, names } = readSafetensors(file);
  const step = Number(metadata["step"]);
  const fits = ["weights", "m", "v"].every((name) => names.includes(name) && get(name).data.length === size);
  if (metadata["key"] !== key || !Number.isInteger(step) || step < 0 || !fits) {
    throw new UserError({
      where: file,
      expected: "the training state of this configuration",
      got: `one of ${metadata["key"] === key ? "another shape" : "another configuration"}`,
      fix: "Use another output folder, or delete this one to start again.",
    });
  }
  return { step, weights: get("weights").data, m: get("m").data, v: get("v").data };
}
