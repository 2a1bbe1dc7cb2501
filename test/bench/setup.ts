/** `npm run setup` in a fresh clone, with nothing of ours on the machine: packages, engine, kernelspec. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { projectRoot } from "../../lib/base/files";
import { seconds, spread, type Row } from "./race";

export async function setupSuite(): Promise<Row[]> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "mask-dpo-setup-"));
  const run = (command: string, args: string[], cwd: string) => {
    // another home: neither npm's cache nor the engine's is found
    const { status, stderr } = spawnSync(command, args, {
      cwd,
      encoding: "utf8",
      env: { ...process.env, HOME: folder, XDG_CACHE_HOME: path.join(folder, "cache") },
    });
    if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${stderr}`);
  };
  try {
    run("git", ["clone", "--quiet", projectRoot, "clone"], folder);
    const took = await seconds(() => run(process.execPath, ["lib/setup/setup.mjs"], path.join(folder, "clone")));
    return [
      {
        suite: "setup",
        work: "set-up of a fresh clone, empty caches",
        unit: "s",
        peerName: "a minute",
        goal: 1,
        ours: spread([took]),
        peer: spread([60]),
        ratio: spread([60 / took]),
        check: "depends on the network",
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
