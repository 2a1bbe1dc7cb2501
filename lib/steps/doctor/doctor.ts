/** What this machine computes with, and whether it computes rightly. */
import { existsSync } from "node:fs";
import os from "node:os";
import * as tf from "@tensorflow/tfjs";
import { versionIn } from "../../base/files";
import { startEngine } from "../../engine/backend";
import { checkEngine, type Check } from "./engineChecks";
import { draws } from "./engineWork";

export interface Diagnosis {
  facts: [name: string, value: string][];
  checks: Check[];
}

/** Looks and tries; an engine that does not start is a failed check, and nothing else is tried then. */
export async function diagnose(): Promise<Diagnosis> {
  const threads = os.availableParallelism();
  const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(1);
  const facts: Diagnosis["facts"] = [
    ["mask-dpo-lab", versionIn("package.json")],
    ["Node", `${process.version} on ${process.platform} ${process.arch}`],
    ["tfjs", tf.version.tfjs],
    ["processor", `${os.cpus()[0]?.model.trim() ?? "unknown"}, ${threads} threads`],
    ["memory", `${gigabytes(os.totalmem())} GB, ${gigabytes(os.freemem())} GB free`],
    ["graphics", existsSync("/dev/nvidia0") ? "an NVIDIA device" : "no NVIDIA device seen"],
  ];
  let engine;
  try {
    engine = await startEngine();
  } catch (error) {
    return { facts, checks: [{ name: "engine starts", ok: false, detail: (error as Error).message }] };
  }
  const shared = engine.parallel ? `among ${threads} processes where there is enough` : "no: one process";
  facts.push(["engine", engine.description], ["work is shared out", shared]);
  const speed = await gigaflops().catch(() => undefined); // the checks say what is wrong
  if (speed) facts.push(["speed", `${speed.toFixed(0)} GFLOP/s in a product of 512 x 512 matrices`]);
  return { facts, checks: await checkEngine(engine.name) };
}

/**
 * Floating-point operations a second, in thousands of millions: of the best product in half a second, at least three.
 */
async function gigaflops(size = 512): Promise<number> {
  const a = tf.tensor2d(draws("doctor/speed", size * size, 1), [size, size]);
  const began = performance.now();
  let best = Infinity;
  for (let tries = 0; tries < 3 || performance.now() - began < 500; tries++) {
    const started = performance.now();
    const out = tf.tidy(() => tf.sum(tf.matMul(a, a)));
    await out.data();
    best = Math.min(best, performance.now() - started);
    out.dispose();
  }
  a.dispose();
  return (2 * size ** 3) / best / 1e6;
}
