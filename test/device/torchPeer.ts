/** The same steps in plain torch on the same machine, where a Python there has it. */
import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { batchMembers, learningRate } from "../../lib/align/train";
import { Rng } from "../../lib/base/rng";
import { seed, shapes, type ShapeWork } from "./shapes";

export interface TorchRun {
  version: string;
  device: string;
  seconds: number[];
  losses: number[];
}

/** @returns what torch did, or why it did not @param script torch_dpo.py @param steps as many as ours took */
export function torchSteps(
  name: string,
  { tensors, pairs, options, reference }: ShapeWork,
  steps: number,
  script: string,
): TorchRun | { reason: string } {
  const python = process.env["MASK_DPO_PYTHON"] ?? "python3";
  if (spawnSync(python, ["-c", "import torch"]).status !== 0) return { reason: `${python} has no torch` };
  const dir = mkdtempSync(path.join(os.tmpdir(), "mask-dpo-device-"));
  try {
    const weights = path.join(dir, "weights.f32");
    const file = openSync(weights, "w");
    for (const { data } of tensors.values()) writeSync(file, data);
    closeSync(file);
    const { config } = shapes[name]!;
    const side = ({ ids, weights }: { ids: Int32Array; weights: Float32Array }) => ({
      ids: [...ids],
      mask: [...weights],
    });
    const setup = {
      weights,
      tensors: [...tensors].map(([name, { shape }]) => ({ name, shape })),
      config: { ...config, beta: options.objective.options["beta"], clip: options.clip },
      pairs: pairs.map(({ chosen, rejected }, i) => ({
        chosen: side(chosen),
        rejected: side(rejected),
        reference: [reference.chosen[i], reference.rejected[i]],
      })),
      steps: Array.from({ length: steps }, (_, step) => ({
        members: batchMembers(new Rng(seed), pairs.length, options, step),
        lr: learningRate(options, pairs.length, step),
      })),
    };
    const input = path.join(dir, "setup.json");
    writeFileSync(input, JSON.stringify(setup));
    const { status, stdout, stderr } = spawnSync(python, [script, input], { encoding: "utf8", timeout: 300_000 });
    if (status !== 0) return { reason: stderr.trim().split("\n").at(-1) ?? "it ended early" };
    return JSON.parse(stdout) as TorchRun;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
