#!/usr/bin/env node
/**
 * Set-up, run first by every npm script: packages, engine, notebook kernel, command. Plain Node without dependencies,
 * since it runs before any are installed. Idempotent: when all is there it only looks, in well under a second.
 *
 *   node lib/setup/setup.mjs [--force]     --force: look for the fastest engine again
 *   ENGINE=native|wasm|cpu|webgpu           use that engine; nothing is fetched for the others
 *
 * Exit code 1 only when packages cannot be installed or a forced engine cannot be had.
 */
import { rememberClone } from "./clones.mjs";
import { setUpCommand } from "./command.mjs";
import { setUpEngine } from "./engine.mjs";
import { setUpKernelspec } from "./kernelspec.mjs";
import { setUpPackages } from "./packages.mjs";
import { SetupError } from "./paths.mjs";

/** @param {string} text */
const say = (text) => process.stdout.write(`${text}\n`);

try {
  if (Number(process.versions.node.split(".")[0]) < 20)
    throw new SetupError(`Node 20 or newer is needed, this is ${process.versions.node}`);
  setUpPackages(say);
  await setUpEngine({ say, forced: process.env.ENGINE || undefined, again: process.argv.includes("--force") });
  setUpKernelspec(say);
  rememberClone(say);
  setUpCommand(say);
} catch (error) {
  const known = error instanceof SetupError || /** @type {NodeJS.ErrnoException} */ (error).syscall;
  const what = known ? /** @type {Error} */ (error).message : `${String(error)}; please report this line`;
  process.stderr.write(`setup: ${what}\n`);
  process.exitCode = 1;
}
