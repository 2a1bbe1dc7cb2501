/** Deals out cases to a process that reads them, ends it where it hangs, and keeps each file that something came of. */
import { fork, type ChildProcess } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { projectRoot, typescriptLoader } from "../../lib/base/files";
import type { Batch } from "./fuzzWorker";
import type { Outcome } from "./target";

export interface FuzzRequest {
  /** Module that exports them. */
  targets: string;
  names: readonly string[];
  seed: string;
  /** Folder for files that something came of. */
  keep: string;
  /** A case that takes longer hangs. */
  hangMs?: number;
  /** Cases of a target at a time. */
  batch?: number;
  /** Whether to go on after so many batches. */
  more: (batches: number) => boolean;
}

export interface Finding extends Outcome {
  wrong: string;
}

/** @returns what was found, and how many cases were tried */
export async function fuzz(request: FuzzRequest): Promise<{ findings: Finding[]; cases: number }> {
  const { names, seed, more, batch = 25 } = request;
  const findings: Finding[] = [];
  const tried = new Map(names.map((name) => [name, 0]));
  const folder = mkdtempSync(path.join(os.tmpdir(), "mask-dpo-fuzz-"));
  let worker: ChildProcess | undefined;
  try {
    for (let batches = 0; more(batches); batches++) {
      const name = names[batches % names.length]!;
      const from = tried.get(name)!;
      worker ??= start(request);
      const { done, alive } = await runBatch(
        worker,
        { target: name, seed, from, count: batch, folder },
        request,
        findings,
      );
      tried.set(name, from + done);
      if (!alive) worker = undefined;
    }
  } finally {
    worker?.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
  return { findings, cases: [...tried.values()].reduce((a, b) => a + b, 0) };
}

function start({ targets }: FuzzRequest): ChildProcess {
  const script = path.join(projectRoot, "test/fuzz/fuzzWorker.ts");
  return fork(script, [targets], {
    cwd: projectRoot,
    execArgv: ["--max-old-space-size=1024", "--require", typescriptLoader],
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
}

/** @returns how many cases were tried, and whether the process can go on */
function runBatch(
  worker: ChildProcess,
  batch: Batch,
  { hangMs = 10_000, keep }: FuzzRequest,
  findings: Finding[],
): Promise<{ done: number; alive: boolean }> {
  let current: Outcome | undefined;
  let done = 0;
  let hung: NodeJS.Timeout | undefined;
  return new Promise((resolve) => {
    const watch = (ms: number): void => {
      clearTimeout(hung);
      hung = setTimeout(() => worker.kill("SIGKILL"), ms);
    };
    const end = (alive: boolean): void => {
      clearTimeout(hung);
      worker.removeAllListeners();
      resolve({ done, alive });
    };
    watch(60_000); // it has to load everything first
    worker.on("message", (said: "done" | (Outcome & { begun?: boolean })) => {
      if (said === "done") return end(true);
      watch(hangMs);
      if (said.begun) {
        current = said;
        done++;
        return;
      }
      findings.push({ ...said, file: kept(said, keep), wrong: said.wrong! });
      worker.send("kept");
    });
    worker.on("exit", (code, signal) => {
      if (current) {
        const wrong = signal === "SIGKILL" ? `no end after ${hangMs / 1000} s` : `the process died (${signal ?? code})`;
        findings.push({ ...current, file: kept(current, keep), wrong });
      }
      if (!current) findings.push({ target: batch.target, number: batch.from, file: "", wrong: "it does not start" });
      end(false);
    });
    worker.send(batch);
  });
}

function kept({ target, number, file }: Outcome, keep: string): string {
  mkdirSync(keep, { recursive: true });
  const to = path.join(keep, `${target.replaceAll(" ", "-")}-${number}-${path.basename(file)}`);
  copyFileSync(file, to);
  return to;
}
