/**
 * Starts the tensor engine: one API (tfjs core ops), several backends.
 * The set-up tried which is the fastest that computes rightly. `ENGINE=native|wasm|webgpu|cpu` forces one; a forced
 * engine that cannot start is an error, never a silent fallback.
 */
import { existsSync, readFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import path from "node:path";
import * as tf from "@tensorflow/tfjs";
import type * as Wasm from "@tensorflow/tfjs-backend-wasm";
import { UserError } from "../base/check";
import { projectRoot } from "../base/files";
import { isWorker } from "../base/workers";
import { setOwnVariable } from "./environment";
import { nativeBackend } from "./native";
import { repairNative } from "./nativeRepair";
import { repairWasm } from "./wasmRepairs";

const systemAllocator = "TF_ONEDNN_USE_SYSTEM_ALLOCATOR";

const engineNames = ["native", "wasm", "webgpu", "cpu"] as const;
export type EngineName = (typeof engineNames)[number];

export interface Engine {
  name: EngineName;
  /** One line for people: which engine, and why. */
  description: string;
  /** What decides how sums are rounded, beside the processor: a part of the key of every result that is kept. */
  arithmetic: string;
  /**
   * Whether several processes are faster than one: on the CPU yes, on one GPU no, and not where this is one of several
   * already.
   */
  parallel: boolean;
}

let started: Promise<Engine> | undefined;

/**
 * Starts the engine once per process; later calls return the same.
 * @param large for large tensors: all threads (or TF_NUM_INTRAOP_THREADS), and the system's allocator, since
 *   TensorFlow's own keeps what it once took, in pieces, up to half as much again as is in use. It computes the same
 *   numbers, but is no gain for small ones.
 * @throws UserError when a forced engine cannot start
 */
export function startEngine({ large = false } = {}): Promise<Engine> {
  if (!started) {
    if (large && process.env[systemAllocator] === undefined) setOwnVariable(systemAllocator, "1");
    setThreads(large);
  }
  started ??= start(process.env["ENGINE"]);
  return started;
}

/**
 * TensorFlow reads its threads when it is loaded. One a process where tensors are small: that is as fast, processes
 * share out the work, and on some processors the order of a sum depends on the number of threads, so that results
 * would depend on how many processes there were.
 */
function setThreads(large: boolean): void {
  if (!large) for (const name of ["TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"]) setOwnVariable(name, "1");
  else if (!process.env["TF_NUM_INTRAOP_THREADS"])
    setOwnVariable("TF_NUM_INTRAOP_THREADS", String(availableParallelism()));
}

async function start(forced: string | undefined): Promise<Engine> {
  if (forced !== undefined && forced !== "" && !engineNames.includes(forced as EngineName)) {
    throw new UserError({
      where: "ENGINE",
      expected: engineNames.join(" | "),
      got: forced,
      fix: "Unset it to let the fastest engine be chosen.",
    });
  }
  if (forced) {
    try {
      return await starters[forced as EngineName]("ENGINE asks for it");
    } catch (error) {
      throw new UserError({
        where: `ENGINE=${forced}`,
        expected: "an engine that starts",
        got: firstLine(error),
        fix: "Unset ENGINE, or run `npm run setup` and read its engine line.",
      });
    }
  }
  const chosen = chosenBySetUp();
  if (chosen && chosen.engine !== "native") return starters[chosen.engine](chosen.reason);
  const why = chosen ? "the fastest this machine has" : `not tried with Node ${process.version} yet: npm run setup`;
  try {
    return await starters.native(why);
  } catch (error) {
    return starters.wasm(`native TensorFlow did not start: ${firstLine(error)}; see npm run setup`);
  }
}

/** Starts a backend by name, whatever runs now: for checks that compare backends. */
export async function switchEngine(name: EngineName): Promise<Engine> {
  if (!started) setThreads(false);
  return starters[name]("switched to");
}

const starters: Record<EngineName, (why: string) => Promise<Engine>> = {
  async native(why) {
    process.env["TF_CPP_MIN_LOG_LEVEL"] ??= "3"; // the GPU wheel complains on stderr below 3
    repairNative();
    require("@tensorflow/tfjs-node-gpu");
    await tf.setBackend("tensorflow");
    const backend = nativeBackend();
    if (!backend) throw new Error("the native backend did not register");
    const gpu = backend.isUsingGpuDevice;
    const threads = Number(process.env["TF_NUM_INTRAOP_THREADS"]);
    return {
      name: "native",
      arithmetic: gpu ? "native, GPU" : threads > 1 ? `native, ${threads} threads` : "native",
      parallel: !gpu && threads === 1 && !isWorker,
      description: `native TensorFlow ${backend.binding.TF_Version} ${gpu ? "GPU" : "CPU"} (${why})`,
    };
  },
  async wasm(why) {
    const wasm = require("@tensorflow/tfjs-backend-wasm") as typeof Wasm;
    wasm.setWasmPaths(`${path.dirname(require.resolve("@tensorflow/tfjs-backend-wasm/package.json"))}/dist/`);
    if (!(await tf.setBackend("wasm"))) throw new Error("the wasm backend did not initialise");
    repairWasm();
    return { name: "wasm", arithmetic: "wasm", parallel: !isWorker, description: `WebAssembly (${why})` };
  },
  async webgpu(why) {
    const dawn = require("webgpu") as { create(options: string[]): GPU; globals: object };
    const gpu = dawn.create([]);
    const adapter = (await gpu.requestAdapter()) as
      (GPUAdapter & { info: { description: string; device: string } }) | null; // without one tfjs prints a stack
    if (!adapter) throw new Error("no WebGPU adapter (a graphics driver with Vulkan, Metal or Direct3D 12)");
    Object.assign(globalThis, dawn.globals);
    Object.defineProperty(globalThis, "navigator", { value: { gpu }, configurable: true, writable: true });
    require("@tensorflow/tfjs-backend-webgpu");
    if (!(await tf.setBackend("webgpu"))) throw new Error("the webgpu backend did not initialise");
    return {
      name: "webgpu",
      arithmetic: "webgpu",
      parallel: false,
      description: `WebGPU on ${adapter.info.description || adapter.info.device || "an unnamed adapter"} (${why})`,
    };
  },
  async cpu(why) {
    tf.env().set("PROD", true); // tfjs otherwise prints an advertisement for its own node backend
    await tf.setBackend("cpu");
    return {
      name: "cpu",
      arithmetic: "cpu",
      parallel: !isWorker,
      description: `plain JavaScript, for checks only (${why})`,
    };
  },
};

interface Chosen {
  engine: EngineName;
  reason: string;
}

/** What the set-up found best (lib/setup/record.mjs) for this Node and this processor. */
function chosenBySetUp(): Chosen | undefined {
  const file = path.join(projectRoot, "node_modules/.mask-dpo-engine.json");
  if (!existsSync(file)) return undefined;
  const here = `${process.version} ${process.platform}-${process.arch} ${cpus()[0]?.model.trim() ?? ""}`;
  const { tried } = JSON.parse(readFileSync(file, "utf8")) as { tried?: Record<string, Chosen> };
  return tried?.[here];
}

function firstLine(error: unknown): string {
  return (error as Error).message.split("\n")[0]!;
}
