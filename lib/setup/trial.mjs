/** Tries an engine in a process of its own: one that does not fit the machine may end it, or never answer. */
import { spawnSync } from "node:child_process";
import { root, Unavailable } from "./paths.mjs";

/** A GPU that its library has no code for takes minutes to compile some. */
const LIMIT_MS = 180_000;

/** From the root. */
const PROBE = ["--require", "./lib/base/typescript.cjs", "lib/steps/doctor/engineProbe.ts"];

export const ENGINES = { native: "native TensorFlow", wasm: "WebAssembly", cpu: "plain JavaScript", webgpu: "WebGPU" };

/** @typedef {keyof typeof ENGINES} EngineName */
/** @typedef {{ version: string, gpu: boolean, libraries: string[] }} Native what native TensorFlow says of itself */

/** An engine that starts, but does not compute what training and sampling need. */
export class CannotCompute extends Unavailable {}

/**
 * Starts the engine, computes a matrix product, a training step and some tokens, and compares with plain JavaScript.
 * @param {EngineName} engine
 * @returns {Native} empty for other engines
 * @throws Unavailable, CannotCompute
 */
export function tryEngine(engine, { limit = LIMIT_MS } = {}) {
  const result = spawnSync(process.execPath, [...PROBE, engine], {
    cwd: root,
    encoding: "utf8",
    timeout: limit,
    killSignal: "SIGKILL",
    stdio: ["ignore", "ignore", "pipe", "pipe"],
    env: { ...process.env, ENGINE: engine, TF_CPP_MIN_LOG_LEVEL: "3", TF_FORCE_GPU_ALLOW_GROWTH: "true" },
  });
  const answers = (result.output?.[3] ?? "").split("\n").filter(Boolean);
  const [found, computed] =
    /** @type {[started?: Native & { error?: string }, computed?: { error?: string, failed: string[] }]} */ (
      answers.map((line) => /** @type {unknown} */ (JSON.parse(line)))
    );
  if (!found || found.error)
    throw new Unavailable(`${ENGINES[engine]} did not start (${found?.error ?? died(result, limit)})`);
  const wrong = computed ? (computed.error ?? computed.failed[0]) : died(result, limit);
  if (wrong) throw new CannotCompute(`${ENGINES[engine]} starts but cannot compute (${wrong.slice(0, 150)})`);
  return found;
}

/**
 * How a process ended that did not say.
 * @param {import("./paths.mjs").Ended} ended
 * @param {number} limit
 */
function died({ error, signal, status, stderr }, limit) {
  if (error?.code === "ETIMEDOUT") return `no answer within ${limit / 1000} s`;
  const line = stderr
    ?.split("\n")
    .find((text) => /error/i.test(text))
    ?.trim()
    .slice(0, 150);
  return line || (signal ? `it died of ${signal}` : (error?.message ?? `exit code ${status}`));
}
