/** Which engine starts, what it says, and that a forced one never falls back. */
import assert from "node:assert/strict";
import { availableParallelism } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { startNode, type Ended } from "../cli/process";
import { relativeError } from "../backends";
import type { Probe } from "./probed";
import { inOrder } from "../golden/fixtures";

interface Probed {
  engine: { name: string; description: string; arithmetic: string; parallel: boolean };
  backend: string;
  out: Probe;
}
const probe = path.join(__dirname, "probe.ts");
const withoutNative = ["--import", path.join(__dirname, "withoutNative.mjs")];
const runProbe = (engine: string | undefined, preload: readonly string[] = [], ...args: string[]): Promise<Ended> =>
  startNode([...preload, "--import", "tsx", probe, ...args], { ENGINE: engine }).ended;
const probed = ({ code, stdout, stderr }: Ended): Probed => {
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Probed;
};

for (const name of ["wasm", "cpu"]) {
  test(`ENGINE=${name} starts that engine, whatever else there is, and says that it was asked for`, async () => {
    const { engine, backend, out } = probed(await runProbe(name, [], "start"));
    assert.deepEqual([engine.name, backend, out["matMul"]], [name, name, [19, 22, 43, 50]]);
    assert.match(engine.description, /\(ENGINE asks for it\)$/);
  });
}

test("the plain JavaScript engine computes what WebAssembly computes", async () => {
  const [wasm, cpu] = (await Promise.all([runProbe("wasm"), runProbe("cpu")])).map(probed) as [Probed, Probed];
  for (const [name, expected] of Object.entries(wasm.out))
    assert.ok(relativeError(cpu.out[name]!, expected) < 1e-4, name);
});

test("an unknown engine is refused with the names there are", async () => {
  const { code, stderr, stdout } = await runProbe("cuda");
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(stderr, /^UserError: ENGINE: expected native \| wasm \| webgpu \| cpu, got cuda\. Unset it/);
});

test("without the native binding WebAssembly is chosen; ENGINE=native is an error then", async () => {
  const [free, forced] = await Promise.all([
    runProbe(undefined, withoutNative, "start"),
    runProbe("native", withoutNative, "start"),
  ]);
  const { engine } = probed(free);
  assert.equal(engine.name, "wasm");
  assert.match(engine.description, /^WebAssembly \(.+\)$/);
  assert.deepEqual([forced.code, forced.stdout], [1, ""]);
  assert.match(
    forced.stderr,
    inOrder(
      /^UserError: ENGINE=native: expected an engine that starts, /,
      /got The Node\.js native addon module can not be found\. Unset ENGINE/,
    ),
  );
});

test("small tensors get one thread whatever the environment says; large ones several, by name", async (t) => {
  const start = (size: "start" | "large", threads?: string) =>
    startNode(["--import", "tsx", probe, size], { ENGINE: "native", TF_NUM_INTRAOP_THREADS: threads }).ended;
  const all = await Promise.all([start("start", "3"), start("large", "3"), start("large")]);
  if (all[0].code !== 0) return t.skip(`no native engine here: ${all[0].stderr.split("\n")[0]}`);
  const [small, three, own] = all.map((ended) => probed(ended).engine) as [
    Probed["engine"],
    Probed["engine"],
    Probed["engine"],
  ];
  if (small.arithmetic === "native, GPU") return t.skip("the CPU's business");
  assert.deepEqual([small.arithmetic, small.parallel], ["native", true]);
  assert.deepEqual([three.arithmetic, three.parallel], ["native, 3 threads", false]);
  const threads = availableParallelism();
  assert.deepEqual(
    [own.arithmetic, own.parallel],
    threads > 1 ? [`native, ${threads} threads`, false] : ["native", true],
  );
});
