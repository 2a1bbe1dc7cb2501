/** Peak memory of a training run: everything our command starts against TRL's process, both from start to end. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { projectRoot } from "../../lib/base/files";
import { writeJsonl } from "../../lib/base/jsonl";
import { constructPreferences } from "../../lib/paper/pairs";
import type { PreferencePair } from "../../lib/preference/pair";
import { Peer } from "./peers";
import { spread, type Row } from "./race";
import { peerSetup } from "./train";
import { atlasWork, benchSession, release, scratchFile } from "./work";

const steps = 14;

export async function memorySuite(python: string | undefined, rounds: number): Promise<Row[]> {
  if (!python || process.platform !== "linux") return [];
  const session = await benchSession();
  const { pairs } = await constructPreferences(session);
  const work = await atlasWork();
  const setup = peerSetup(work, steps);
  const { batch } = work.options;
  release(work);
  return [
    await memoryRow({
      suite: "memory",
      of: `Atlas base (1M), batch ${batch}, ${steps} steps`,
      model: session.baseDir,
      pairs: pairs.slice(0, steps * batch),
      flags: ["--lr", "1e-4", "--beta", "0.5"],
      steps,
      python,
      setup,
      rounds: Math.min(rounds, 3),
    }),
  ];
}

/** A training by the command line and by TRL. */
export async function memoryRow(training: {
  suite: string;
  /** for the table */
  of: string;
  model: string;
  pairs: readonly PreferencePair[];
  /** of `mask-dpo train` */
  flags: readonly string[];
  steps: number;
  python: string;
  /** of TRL */
  setup: object;
  rounds: number;
}): Promise<Row> {
  const { suite, of, model, pairs, flags, python, setup, rounds } = training;
  const pairsFile = scratchFile("memory.jsonl");
  writeJsonl(pairsFile, pairs);
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const out = scratchFile("memory-run");
    scratchFile("memory-run.run");
    const command = ["train", "--model", model, "--pairs", pairsFile, "--out", out, "--epochs", "1", ...flags];
    const child = spawn(process.execPath, [path.join(projectRoot, "lib/cli/mask-dpo.mjs"), ...command], {
      stdio: "ignore",
    });
    const watch = watchMemory(child.pid!);
    const code = await new Promise((resolve) => child.on("exit", resolve));
    if (code !== 0) throw new Error(`mask-dpo train ended with ${String(code)}`);
    ours.push(watch.stop());
    const trl = await Peer.python(python, "trl_dpo.py", setup);
    const watchTrl = watchMemory(trl.pid);
    for (let step = 0; step < training.steps; step++) await trl.ask({ lr: 1e-4 });
    theirs.push(watchTrl.stop());
    trl.close();
  }
  return {
    suite,
    work: `peak memory of training, ${of}`,
    unit: "MB",
    peerName: "TRL DPOTrainer",
    goal: 1,
    ours: spread(ours),
    peer: spread(theirs),
    ratio: spread(theirs.map((t, i) => t / ours[i]!)),
    check: "proportional set size of all processes, sampled every 100 ms",
  };
}

/** Proportional set size (shared pages counted once) of a process and its descendants, MB. */
function watchMemory(pid: number): { stop: () => number } {
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, treeMemory(pid));
  }, 100);
  return {
    stop: () => {
      clearInterval(timer);
      return peak;
    },
  };
}

function treeMemory(pid: number): number {
  try {
    const kilobytes = Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1] ?? 0);
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
      .split(" ")
      .filter((name) => name !== "");
    return kilobytes / 1024 + children.reduce((sum, child) => sum + treeMemory(Number(child)), 0);
  } catch {
    return 0; // it has just ended
  }
}
