/** The check for machines with a GPU, packed and run here on a software adapter at the smallest shape. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { installed, linux, softwareAdapter } from "../engine/softwareAdapter";
import { scratch } from "../golden/fixtures";
import { writeBundle } from "./bundle";
import type { Report } from "./check";

const skip = linux && installed ? false : "it is packed on Linux on x64, with the optional package webgpu";

test(
  "the bundle runs away from the project, and what WebGPU computes is right",
  { skip, timeout: 120_000 },
  async (t) => {
    const dir = path.join(scratch(t), "device-check");
    await writeBundle(dir);
    const out = path.join(dir, "out.json");
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [path.join(dir, "check.cjs"), "--shapes", "0.1M", "--steps", "4", "--out", out],
      { cwd: dir, encoding: "utf8", env: { PATH: "/nowhere", ...softwareAdapter(scratch(t)) } },
    );
    assert.equal(status, 0, stdout + stderr);
    const report = JSON.parse(readFileSync(out, "utf8")) as Report;
    const { kernels } = report;
    const run = report.shapes["0.1M"]!;
    assert.ok(kernels && "engine" in kernels && "losses" in run);
    assert.match(kernels.engine, /^WebGPU on .*SwiftShader/);
    assert.ok(kernels.checks.some(({ name }) => name === "ropeAttention gradient 0"));
    assert.equal(run.losses.length, 4);
    assert.ok(Math.abs(run.losses[0]! - Math.LN2) < 1e-5 && run.losses[3]! < run.losses[0]!, String(run.losses));
    assert.deepEqual(run.torch, { reason: "python3 has no torch" });
  },
);
