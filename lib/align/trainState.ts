/**
 * A training state on disk: one safetensors file, written atomically, so that a killed run goes on bitwise where it
 * was; with its hash, so that it does not go on from one that is damaged.
 */
import { existsSync } from "node:fs";
import path from "node:path";
import { UserError } from "../base/check";
import { hashOfFloats, sha256 } from "../base/hash";
import { startAgain } from "../base/runFolder";
import { readSafetensors, writeSafetensors } from "../model/safetensors/safetensors";
import type { TrainState } from "./train";

const names = ["weights", "m", "v"] as const;

/** What a state belongs to. */
export interface StateOf {
  /** hash of configuration and data */
  key: string;
  /** numbers in each of its tensors */
  size: number;
  /** that the run has in all */
  steps: number;
}

export function writeTrainState(file: string, key: string, state: TrainState): void {
  const tensors = new Map(names.map((name) => [name, { shape: [state[name].length], data: state[name] }]));
  writeSafetensors(file, tensors, { key, step: String(state.step), sha256: hashOfState(state) });
}

/**
 * The state, or undefined where none was written yet.
 * @throws UserError when it belongs to another run, has another size or a step that the run does not have, or is not
 *   as it was written
 */
export function readTrainState(file: string, { key, size, steps }: StateOf): TrainState | undefined {
  if (!existsSync(file)) return undefined;
  const { metadata, get, names: found } = readSafetensors(file);
  const refuse = (got: string): never => {
    throw new UserError({
      where: file,
      expected: "the training state of this configuration, as it was written",
      got,
      fix: startAgain(path.dirname(file)),
    });
  };
  if (metadata["key"] !== key) return refuse("one of another configuration");
  if (names.some((name) => !found.includes(name) || get(name).data.length !== size))
    return refuse("one of another shape");
  const step = Number(metadata["step"]);
  if (!Number.isInteger(step) || step < 1 || step > steps) return refuse(`one of step ${step} of ${steps}`);
  const state = { step, weights: get("weights").data, m: get("m").data, v: get("v").data };
  return hashOfState(state) === metadata["sha256"] ? state : refuse("one that is damaged");
}

function hashOfState({ step, weights, m, v }: TrainState): string {
  return sha256(`${step} ${hashOfFloats(weights, m, v)}`);
}
