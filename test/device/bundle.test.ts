/** The check for machines with a GPU: packed, away from the project, without an adapter and on a software one. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { installed, linux, softwareAdapter } from "../engine/softwareAdapter";
import { scratch } from "../golden/fixtures";
import { writeBundle } from "./bundle";
import type { Report } from "./check";

const here = linux && installed ? false : "it is packed on Linux on x64, with the optional package webgpu";

/** Packs, and runs the smallest shape with an environment of nothing but this. */
async function checked(t: TestContext, env: Record<string, string>): Promise<{ status: number | null } & Report> {
  const dir = path.join(scratch(t), "device-check");
  await writeBundle(dir);
  const out = path.join(dir, "out.json");
  const args = [path.join(dir, "check.cjs"), "--shapes", "0.1M,30M,135M", "--steps", "4", "--out", out];
  const { status } = spawnSync(process.execPath, args, { cwd: dir, env: { PATH: "/nowhere", ...env } });
  return { status, ...(JSON.parse(readFileSync(out, "utf8")) as Report) };
}

test("without an adapter every part says so, and the report is there", { skip: here, timeout: 60_000 }, async (t) => {
  const { status, doctor, kernels, shapes, gpus } = await checked(t, { VK_ICD_FILENAMES: "/nowhere/none.json" });
  assert.deepEqual([status, gpus], [1, "nvidia-smi is not there"]);
  for (const part of [kernels, ...Object.values(shapes)])
    assert.match(JSON.stringify(part), /failed.+no WebGPU adapter/);
  assert.ok(doctor && "checks" in doctor && !doctor.checks[0]!.ok);
});

const asked = process.env["MASK_DPO_DEVICE_CHECK"] ? false : "a minute on a software adapter: MASK_DPO_DEVICE_CHECK=1";

test("on a software adapter what WebGPU computes is right", { skip: here || asked, timeout: 300_000 }, async (t) => {
  const { status, kernels, shapes } = await checked(t, softwareAdapter(scratch(t))!);
  assert.equal(status, 0);
  const run = shapes["0.1M"]!;
  assert.ok(kernels && "engine" in kernels && "losses" in run);
  assert.match(kernels.engine, /^WebGPU on .*SwiftShader/);
  assert.ok(kernels.checks.some(({ name }) => name === "ropeAttention gradient 0"));
  assert.equal(run.losses.length, 4);
  assert.ok(Math.abs(run.losses[0]! - Math.LN2) < 1e-5, "the policy begins as the reference");
  assert.ok(run.losses.slice(1).every((loss) => loss !== run.losses[0] && Math.abs(loss - Math.LN2) < 0.01));
  assert.deepEqual(run.torch, { reason: "python3 has no torch" });
  for (const [name, weights] of [
    ["30M", 30],
    ["135M", 135],
  ] as const)
    assert.match(
      JSON.stringify(shapes[name]),
      new RegExp(`refused.+${weights}M weights would take hours without a GPU`),
    );
});
