#!/usr/bin/env node
/** The command `mask-dpo`: lets Node load TypeScript, then hands over to lib/cli/main.ts. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";

/** @type {(id: string) => unknown} */
const require = createRequire(import.meta.url);
/** @param {string} relative */
const here = (relative) => new URL(relative, import.meta.url);

if (!existsSync(here("../../node_modules/tsx/package.json"))) {
  process.stderr.write("mask-dpo: the packages are not installed; run `npm run setup` first\n");
  process.exitCode = 1;
} else {
  /** @type {(id: string) => unknown} */
  const load = require;
  try {
    load("../base/typescript.cjs");
    await /** @type {typeof import("./main")} */ (load("./main.ts")).main();
  } catch (error) {
    const [line] = String(error).split("\n");
    process.stderr.write(`mask-dpo: it does not start (${line}); run \`npm run setup\` again\n`);
    process.exitCode = 1;
  }
}
