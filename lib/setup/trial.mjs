/** Tries an engine in a process of its own: one that does not fit the machine may end it, or never answer. */
import { spawnSync } from "node:child_process";
import { reasonOf, root, Unavailable } from "./paths.mjs";

/** A GPU that its library has no code for takes minutes to compile some. */
const LIMIT_MS = 180_000;

/** @typedef {{ version?: string, gpu?: boolean, libraries?: string[] }} Found what only native TensorFlow has */
/** @typedef {{ error?: string }} Answer of the probe */

/** @type {Readonly<Record<string, string>>} */
export const ENGINES = { native: "native TensorFlow", wasm: "WebAssembly", cpu: "plain JavaScript", webgpu: "WebGPU" };

/** An engine that starts, but does not compute what training and sampling need. */
export class CannotCompute extends Unavailable {}

/**
 * Starts the engine, computes a matrix product, a training step and some tokens, and compares with plain JavaScript.
 * @param {string} engine
 * @returns {Found}
 * @throws Unavailable, CannotCompute
 */
export function tryEngine(engine, { script = "lib/steps/engineProbe.ts", limit = LIMIT_MS } = {}) {
  const result = spawnSync(process.execPath, ["--import", "tsx", script, engine], {
    cwd: root,
    encoding: "utf8",
    timeout: limit,
    killSignal: "SIGKILL",
    stdio: ["ignore", "ignore", "pipe", "pipe"],
    env: { ...process.env, ENGINE: engine, TF_CPP_MIN_LOG_LEVEL: "3", TF_FORCE_GPU_ALLOW_GROWTH: "true" },
  });
  const answers = (result.output?.[3] ?? "").split("\n").filter(Boolean);
  const found = /** @type {(Found & Answer) | undefined} */ (parsed(answers[0]));
  const computed = /** @type {(Answer & { failed: string[] }) | undefined} */ (parsed(answers[1]));
  if (!found || found.error)
    throw new Unavailable(`${ENGINES[engine]} did not start (${found?.error ?? died(result, limit)})`);
  const wrong = computed ? (computed.error ?? computed.failed[0]) : died(result, limit);
  if (wrong) throw new CannotCompute(`${ENGINES[engine]} starts but cannot compute (${wrong.slice(0, 150)})`);
  return found;
}

/**
 * @param {string | undefined} line
 * @returns {unknown}
 */
function parsed(line) {
  return line === undefined ? undefined : JSON.parse(line);
}

/**
 * How a process ended that did not say.
 * @param {import("node:child_process").SpawnSyncReturns<string>} result
 * @param {number} limit ms
 */
function died({ error, signal, status, stderr }, limit) {
  if (error && reasonOf(error) === "ETIMEDOUT") return `no answer within ${limit / 1000} s`;
  const line = stderr
    ?.split("\n")
    .find((text) => /error/i.test(text))
    ?.trim()
    .slice(0, 150);
  return line || (signal ? `it died of ${signal}` : (error?.message ?? `exit code ${status}`));
}
