/**
 * The binary that @tensorflow/tfjs-node-gpu offers for download itself: an older TensorFlow, but no compiler and no
 * Python are needed. Tried only where its host answers at once.
 */
import { spawnSync } from "node:child_process";
import { lookup } from "node:dns/promises";
import { rmSync } from "node:fs";
import https from "node:https";
import path from "node:path";
import { tfjsPackage } from "./binding.mjs";
import { modules, readJson, Unavailable } from "./paths.mjs";

const ANSWER_MS = 3000;
const DOWNLOAD_MS = 15 * 60_000;

/**
 * Runs the package's own installer.
 * @param {boolean} gpu
 * @param {import("./paths.mjs").Say} say
 * @throws Unavailable
 */
export async function fetchPrebuilt(gpu, say) {
  const about = readJson(path.join(tfjsPackage, "package.json"));
  const host = /** @type {{ binary?: { host?: string } } | undefined} */ (about)?.binary?.host;
  if (!host || !(await answers(host)))
    throw new Unavailable("the ready-made TensorFlow binary cannot be reached", { transient: true });
  say("setup: fetching the ready-made TensorFlow binary (once)");
  const env = { ...process.env, PATH: `${path.join(modules, ".bin")}${path.delimiter}${process.env.PATH ?? ""}` };
  const result = spawnSync(process.execPath, ["scripts/install.js", gpu ? "gpu" : "cpu", "download"], {
    cwd: tfjsPackage,
    env,
    encoding: "utf8",
    timeout: DOWNLOAD_MS,
    stdio: ["ignore", "ignore", "pipe"],
  });
  if (result.status === 0) return;
  rmSync(path.join(tfjsPackage, "deps"), { recursive: true, force: true });
  throw new Unavailable("the ready-made TensorFlow binary could not be installed", { transient: true });
}

/**
 * Whether the host resolves and answers a request, whatever the answer, within three seconds each.
 * @param {string} url
 * @returns {Promise<boolean>}
 */
async function answers(url) {
  try {
    await Promise.race([
      lookup(new URL(url).hostname),
      new Promise((_, reject) => setTimeout(reject, ANSWER_MS).unref()),
    ]);
  } catch {
    return false;
  }
  return new Promise((resolve) => {
    const request = https.request(url, { method: "HEAD", timeout: ANSWER_MS }, (response) => {
      response.resume();
      resolve(true);
    });
    request
      .on("timeout", () => request.destroy(new Error("timeout")))
      .on("error", () => resolve(false))
      .end();
  });
}
