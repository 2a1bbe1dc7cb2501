/**
 * What the bundle runs on a machine with a GPU:
 *
 *   ./device-check/run [--shapes 1M,30M,135M] [--steps 20] [--seconds 120] [--out device-check.json]
 *
 * Doctor; kernels and their gradients against WebAssembly's numbers, which the bundle brings; masked-DPO steps at each
 * shape, beside torch where it is. Each part in a process of its own, as a driver may end one; the JSON is written
 * after every part.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { setProgressRenderer } from "../../lib/base/progress";
import { startEngine } from "../../lib/engine/backend";
import { weightCount } from "../../lib/model/weights";
import { diagnose } from "../../lib/steps/doctor/doctor";
import { compare, type Check } from "../../lib/steps/doctor/engineChecks";
import { probed, type Probe } from "../engine/probed";
import { shapes, trainShape, type ShapeRun } from "./shapes";
import { torchSteps, type TorchRun } from "./torchPeer";
import { findVulkan } from "./vulkan";

interface ShapePart extends ShapeRun {
  torch: TorchRun | { reason: string };
}
/** What each part answers; a part that ended early instead says how. */
export interface Report {
  gpus: string;
  vulkan: Record<string, string>;
  doctor?: { facts: [string, string][]; checks: Check[] } | { failed: string };
  kernels?: { engine: string; checks: Check[] } | { failed: string };
  shapes: Record<string, ShapePart | { refused: string } | { failed: string }>;
}

/** Vulkan drivers that compute on the CPU, and the most weights that 20 steps there end with within minutes. */
const softwareDrivers = /SwiftShader|llvmpipe/;
const mostInSoftware = 2e6;

const parts: Record<string, (shape: string, steps: number, seconds: number) => Promise<object>> = {
  doctor: diagnose,
  async kernels() {
    const engine = await startEngine();
    const expected = JSON.parse(readFileSync(path.join(__dirname, "expected.json"), "utf8")) as Probe;
    const got = await probed();
    const checks = Object.entries(expected).map(([name, values]) => compare(name, got[name] ?? [], values));
    return { engine: engine.description, checks };
  },
  async shape(name, steps, seconds) {
    const { description } = await startEngine();
    const weights = weightCount(shapes[name]!.config);
    if (softwareDrivers.test(description) && weights > mostInSoftware)
      return { refused: `${(weights / 1e6).toFixed(0)}M weights would take hours without a GPU: ${description}` };
    const { run, work } = await trainShape(name, steps, seconds);
    return { ...run, torch: torchSteps(name, work, run.seconds.length, path.join(__dirname, "torch_dpo.py")) };
  },
};

function main(): void {
  const { values } = parseArgs({
    options: {
      shapes: { type: "string", default: "1M,30M,135M" },
      steps: { type: "string", default: "20" },
      seconds: { type: "string", default: "120" },
      out: { type: "string", default: "device-check.json" },
    },
  });
  const names = values.shapes.split(",");
  const unknown = names.find((name) => !(name in shapes));
  if (unknown !== undefined)
    throw new Error(`--shapes: expected some of ${Object.keys(shapes).join()}, got ${unknown}`);
  const scratch = mkdtempSync(path.join(os.tmpdir(), "mask-dpo-vulkan-"));
  const { env, found } = findVulkan(path.join(__dirname, "vulkan"), scratch);
  const run = <T>(...args: string[]): T | { failed: string } => {
    process.stdout.write(`${args.join(" ")} ...\n`);
    const options = { env: { ...process.env, ...env, ENGINE: "webgpu" }, maxBuffer: 1 << 28, timeout: 600_000 };
    const part = spawnSync(process.execPath, [__filename, "part", ...args], options);
    const { stdout, stderr, status, signal } = part;
    if (status === 0) return JSON.parse(stdout.toString()) as T;
    if ((part.error as NodeJS.ErrnoException | undefined)?.code === "ETIMEDOUT")
      return { failed: `no answer within ${options.timeout / 1000} s` };
    return { failed: `${signal ?? `exit ${status}`}: ${stderr.toString().trim().slice(-500)}` };
  };
  const gpus = spawnSync("nvidia-smi", ["-L"], { encoding: "utf8" }).stdout?.trim() || "nvidia-smi is not there";
  const report: Report = { gpus, vulkan: found, shapes: {} };
  const write = (): void => writeFileSync(values.out, `${JSON.stringify(report, null, 1)}\n`);
  report.doctor = run("doctor");
  write();
  report.kernels = run("kernels");
  write();
  for (const name of names) {
    report.shapes[name] = run("shape", name, values.steps, values.seconds);
    write();
  }
  rmSync(scratch, { recursive: true });
  process.stdout.write(`${summary(report).join("\n")}\n${values.out}\n`);
  process.exitCode = isSound(report) ? 0 : 1;
}

/** Whether every part ended and computed rightly; losses are compared where torch made some. */
function isSound({ doctor, kernels, shapes }: Report): boolean {
  const sound = (part: Report["doctor"] | Report["kernels"]) =>
    part && "checks" in part && part.checks.every(({ ok }) => ok);
  const trained = Object.values(shapes).every(
    (run) =>
      "refused" in run || ("losses" in run && run.losses.every(Number.isFinite) && !(lossDifference(run)! > 1e-3)),
  );
  return Boolean(sound(doctor) && sound(kernels) && trained);
}

function lossDifference({ losses, torch }: ShapePart): number | undefined {
  if (!("losses" in torch)) return undefined;
  return Math.max(...losses.map((loss, i) => Math.abs(loss - torch.losses[i]!)));
}

function summary({ gpus, doctor, kernels, shapes }: Report): string[] {
  const checked = (name: string, part: Report["doctor"] | Report["kernels"]): string[] => {
    if (!part || "failed" in part) return [`${name}: FAILED, ${part?.failed}`];
    const wrong = part.checks.filter(({ ok }) => !ok);
    return [
      `${name}: ${part.checks.length - wrong.length} of ${part.checks.length} right`,
      ...wrong.map(({ name, detail }) => `  ${name}: ${detail}`),
    ];
  };
  return [
    gpus,
    kernels && "engine" in kernels ? kernels.engine : "no engine",
    ...checked("doctor", doctor),
    ...checked("kernels and gradients", kernels),
    ...Object.entries(shapes).map(([name, run]) => `${name}: ${told(run)}`),
  ];
}

function told(run: Report["shapes"][string]): string {
  if ("failed" in run) return `FAILED, ${run.failed}`;
  if ("refused" in run) return `left out, ${run.refused}`;
  const { seconds, losses, torch } = run;
  const loss = `loss ${losses[0]?.toFixed(4)} to ${losses.at(-1)?.toFixed(4)}`;
  const ours = `${seconds.length} steps, ${median(seconds)}, ${loss}`;
  if ("reason" in torch) return `${ours}; no torch: ${torch.reason}`;
  const differs = `losses differ by ${lossDifference(run)!.toExponential(1)}`;
  return `${ours}; torch ${torch.version} on ${torch.device}: ${median(torch.seconds)}, ${differs}`;
}

/** Of the steps but the first, which compiles. */
function median(values: readonly number[]): string {
  const sorted = values.slice(1).sort((a, b) => a - b);
  return `${(1000 * (sorted[sorted.length >> 1] ?? NaN)).toFixed(0)} ms a step`;
}

async function part([name = "", shape = "", steps = "", seconds = ""]: readonly string[]): Promise<void> {
  setProgressRenderer(() => ({ update: () => undefined, stop: () => undefined }));
  const answer = await parts[name]!(shape, Number(steps), Number(seconds));
  process.stdout.write(JSON.stringify(answer), () => process.exit(0)); // Dawn's threads would keep it waiting
}

if (process.argv[2] === "part")
  part(process.argv.slice(3)).catch((error: unknown) => {
    process.stderr.write(`${(error as Error).stack ?? String(error)}\n`);
    process.exit(1);
  });
else main();
