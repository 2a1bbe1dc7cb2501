/**
 * What is kept has the same bits whoever computes it: this process or workers, whatever number of threads the
 * environment names. Sums differ between instruction sets, so each is compared with itself; lowering oneDNN's covers
 * processors that this machine is not (on some of them sums do depend on the number of threads).
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { projectRoot, typescriptLoader } from "../../lib/base/files";

type Hashes = Record<"here" | "workers", Record<"candidates" | "training", string>>;

async function numbers(env: NodeJS.ProcessEnv): Promise<Hashes> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--require", typescriptLoader, "test/lab/sameNumbers.ts"],
    { cwd: projectRoot, env: { ...process.env, ...env } },
  );
  return JSON.parse(stdout) as Hashes;
}

for (const [isa, threads] of [
  ["DEFAULT", ["4"]],
  ["AVX2", ["1", "4"]],
  ["SSE41", ["2"]],
] as const) {
  test(`one process and several give the same bits: instruction set ${isa}, threads asked for: ${threads.join(" and ")}`, async () => {
    const all: Hashes[] = [];
    for (const n of threads) all.push(await numbers({ ONEDNN_MAX_CPU_ISA: isa, TF_NUM_INTRAOP_THREADS: n }));
    for (const { here, workers } of all) {
      assert.deepEqual(workers, here);
      assert.deepEqual(here, all[0]!.here);
    }
  });
}
