/** WebGPU on a software adapter: SwiftShader from the Chromium package, or whatever Vulkan driver is installed. */
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { typescriptLoader } from "../../lib/base/files";
import { relativeError } from "../backends";
import { run, startNode } from "../cli/process";
import { scratch } from "../golden/fixtures";
import type { Probe } from "./probed";
import { installed, linux, softwareAdapter } from "./softwareAdapter";

test(
  "WebGPU: matmul, fused kernels, two training steps and a greedy continuation are WebAssembly's",
  { skip: installed ? false : "the optional package webgpu is not installed", timeout: 120_000 },
  async (t) => {
    const adapter = softwareAdapter(scratch(t));
    const probe = ["--require", typescriptLoader, path.join(__dirname, "probe.ts")];
    const gpu = await startNode(probe, { ENGINE: "webgpu", ...adapter }).ended;
    if (!adapter && /no WebGPU adapter/.test(gpu.stderr))
      return t.skip("this machine has no WebGPU adapter, not even a software one");
    assert.equal(gpu.code, 0, gpu.stderr);
    const { engine, backend, out } = JSON.parse(gpu.stdout) as {
      engine: { name: string; description: string };
      backend: string;
      out: Probe;
    };
    assert.deepEqual([engine.name, backend], ["webgpu", "webgpu"]);
    assert.match(engine.description, /^WebGPU on .+ \(ENGINE asks for it\)$/);
    const wasm = await startNode(probe, { ENGINE: "wasm" }).ended;
    const expected = (JSON.parse(wasm.stdout) as { out: Probe }).out;
    assert.deepEqual(Object.keys(out), Object.keys(expected));
    for (const [name, values] of Object.entries(expected)) {
      const error = relativeError(out[name]!, values);
      // WebAssembly adds squares one by one
      assert.ok(error < (name === "gradient norm" ? 1e-3 : 1e-5), `${name}: ${error}`);
    }
  },
);

test(
  "doctor finds WebGPU sound",
  { skip: installed ? false : "the optional package webgpu is not installed", timeout: 120_000 },
  async (t) => {
    const adapter = softwareAdapter(scratch(t));
    const { code, stdout } = await run(["doctor"], { ENGINE: "webgpu", ...adapter });
    if (!adapter && /no WebGPU adapter/.test(stdout))
      return t.skip("this machine has no WebGPU adapter, not even a software one");
    assert.equal(code, 0, stdout);
    assert.match(stdout, /^engine +WebGPU on /m);
    assert.match(stdout, /^ok +training step: gradient/m);
  },
);

test(
  "ENGINE=webgpu without an adapter is an error of one line, never another engine",
  { skip: installed && linux ? false : "only Vulkan can be taken away" },
  async () => {
    const { code, stdout, stderr } = await startNode(
      ["--require", typescriptLoader, path.join(__dirname, "probe.ts"), "start"],
      { ENGINE: "webgpu", VK_ICD_FILENAMES: "/nonexistent/none.json", VK_DRIVER_FILES: "/nonexistent/none.json" },
    ).ended;
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /UserError: ENGINE=webgpu: expected an engine that starts, got no WebGPU adapter/);
    assert.doesNotMatch(stderr, /\n\s+at .*\.(ts|js)/, "a stack");
  },
);
