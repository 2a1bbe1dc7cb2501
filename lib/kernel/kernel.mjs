/**
 * The kernel process: `node lib/kernel/kernel.mjs <connection file>`.
 * Its working folder becomes the project root, so that cells import "./lib/…" wherever the notebook lies.
 */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { isKnownClone } from "../setup/clones.mjs";

const here = fileURLToPath(import.meta.url);
const ownRoot = path.dirname(path.dirname(path.dirname(here)));

/**
 * The project the notebook lies in: another clone than the one whose set-up ran last runs its own kernel, if its own
 * set-up was run by this user. What merely says that it is one is a stranger's code.
 */
function notebookRoot() {
  for (let dir = process.cwd(); ; dir = path.dirname(dir)) {
    const claims = nameOf(path.join(dir, "package.json")) === "mask-dpo-lab";
    if (claims && (dir === ownRoot || isKnownClone(dir))) return dir;
    if (claims)
      process.stderr.write(`kernel: ${dir} is not run, since \`npm run setup\` was not; this is ${ownRoot}'s kernel\n`);
    if (claims || dir === path.dirname(dir)) return ownRoot;
  }
}

/** @param {string} manifest a package.json, or none */
function nameOf(manifest) {
  try {
    /** @type {unknown} */
    const parsed = JSON.parse(readFileSync(manifest, "utf8"));
    return /** @type {{ name?: string } | null} */ (parsed)?.name;
  } catch {
    return undefined;
  }
}

/** Whether the headless runner started this kernel. */
const isHeadless = Boolean(process.env.MASK_DPO_OWNED_KERNEL);

/** A kernel ends when whoever started it goes, however it goes: no training without anybody to see it. */
function endWithParent() {
  const { JPY_PARENT_PID: byJupyter } = process.env;
  delete process.env.MASK_DPO_OWNED_KERNEL;
  const parent = process.ppid;
  // The headless runner holds our stdin; Jupyter says its process id, unless something stands between us.
  if (isHeadless) process.stdin.on("end", () => process.exit(1)).resume();
  else if (byJupyter === String(parent)) setInterval(() => process.ppid !== parent && process.exit(1), 1000).unref();
}

const root = notebookRoot();
if (root !== ownRoot && existsSync(path.join(root, "node_modules"))) {
  await import(pathToFileURL(path.join(root, "lib/kernel/kernel.mjs")).href);
} else {
  const connectionFile = path.resolve(process.argv[2] ?? "");
  process.chdir(ownRoot);
  endWithParent();
  const checker = new Worker(new URL("checking/thread.cjs", import.meta.url), {
    workerData: { root: ownRoot, ahead: !isHeadless },
  });
  /** @type {(id: string) => unknown} */
  const load = createRequire(import.meta.url);
  load("../base/typescript.cjs");
  const { startSession } = /** @type {typeof import("./kernelSession")} */ (load("./kernelSession.ts"));
  await startSession(connectionFile, ownRoot, checker);
}
