/** Links the command `mask-dpo` for npm scripts and editors: npm links those of dependencies, not a project's own. */
import { chmodSync, lstatSync, mkdirSync, readlinkSync, rmSync, symlinkSync } from "node:fs";
import path from "node:path";
import { modules, writeFileIfChanged } from "./paths.mjs";

const TARGET = "../../lib/cli/mask-dpo.mjs";

/** @param {import("./paths.mjs").Say} say */
export function setUpCommand(say) {
  const bin = path.join(modules, ".bin");
  try {
    if (process.platform === "win32")
      writeFileIfChanged(path.join(bin, "mask-dpo.cmd"), `@node "%~dp0\\..\\..\\lib\\cli\\mask-dpo.mjs" %*\r\n`);
    else link(bin);
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    say(`setup: the command mask-dpo was not linked (${code ?? message}); use: node lib/cli/mask-dpo.mjs`);
  }
}

/** @param {string} bin */
function link(bin) {
  const file = path.join(bin, "mask-dpo");
  const isLink = lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink();
  if (isLink && readlinkSync(file) === TARGET) return;
  mkdirSync(bin, { recursive: true });
  chmodSync(path.resolve(bin, TARGET), 0o755);
  rmSync(file, { force: true });
  symlinkSync(TARGET, file);
}
