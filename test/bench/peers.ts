/**
 * The Python programs we are measured against: their environment, and one process each that answers requests
 * (peers/wire.py).
 */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { projectRoot } from "../../lib/base/files";
import { sha256 } from "../../lib/base/hash";

export const benchFolder = path.join(projectRoot, ".cache/bench");
export const threads = 2;
const scripts = path.join(__dirname, "peers");

/** A Python with the peers in it, made on first use, or why there is none. */
export function peerPython(): { python: string } | { reason: string } {
  const requirements = readFileSync(path.join(scripts, "requirements.txt"), "utf8");
  const home = path.join(projectRoot, ".cache/peers");
  const python = path.join(home, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
  const stamp = path.join(home, "requirements.sha256");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === sha256(requirements)) return { python };
  const system = process.env["PYTHON"] ?? "python3";
  const run = (command: string, ...args: string[]) =>
    spawnSync(command, args, { stdio: ["ignore", "inherit", "inherit"] }).status === 0;
  if (spawnSync(system, ["-c", "import sys, venv; sys.exit(sys.version_info < (3, 10))"]).status !== 0)
    return { reason: `${system} of version 3.10 or later with venv was not found` };
  process.stdout.write(
    "bench: installing TRL, torch, transformers, umap-learn into .cache/peers (once; some minutes)\n",
  );
  if (
    !run(system, "-m", "venv", home) ||
    !run(python, "-m", "pip", "install", "--quiet", "-r", path.join(scripts, "requirements.txt"))
  )
    return { reason: "the peers could not be installed (see above)" };
  writeFileSync(stamp, sha256(requirements));
  return { python };
}

/** A process that answers one JSON line with one JSON line. */
export class Peer {
  private readonly child: ChildProcess;
  private readonly lines: AsyncIterator<string, undefined>;
  private readonly log: string;

  private constructor(
    readonly name: string,
    command: string,
    args: readonly string[],
    env: Record<string, string>,
  ) {
    mkdirSync(benchFolder, { recursive: true });
    this.log = path.join(benchFolder, `${name}.log`);
    this.child = spawn(command, args, {
      cwd: scripts,
      env: { ...process.env, ...env },
      stdio: ["pipe", "pipe", openSync(this.log, "w")],
    });
    this.child.stdin!.on("error", () => undefined); // its end shows as the end of its lines
    this.lines = createInterface({ input: this.child.stdout! })[Symbol.asyncIterator]();
  }

  /** Starts a script of peers/ and waits until it is ready. */
  static async python(python: string, script: string, setup: object): Promise<Peer> {
    return Peer.start(
      path.basename(script, ".py"),
      python,
      [script],
      { HF_HUB_OFFLINE: "1", TOKENIZERS_PARALLELISM: "false", OMP_NUM_THREADS: String(threads) },
      setup,
    );
  }

  /** Starts a script of this folder, which speaks the same. */
  static async node(name: string, script: string, env: Record<string, string>, setup: object): Promise<Peer> {
    return Peer.start(name, process.execPath, ["--import", "tsx", path.join(__dirname, script)], env, setup);
  }

  private static async start(
    name: string,
    command: string,
    args: readonly string[],
    env: Record<string, string>,
    setup: object,
  ): Promise<Peer> {
    const peer = new Peer(name, command, args, env);
    await peer.ask({ threads, ...setup });
    return peer;
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** @throws Error with the end of its log when it has died */
  async ask<Answer>(request: object): Promise<Answer> {
    this.child.stdin!.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.lines.next();
    if (done) throw new Error(`${this.name} ended early:\n${readFileSync(this.log, "utf8").slice(-2000)}`);
    return JSON.parse(value) as Answer;
  }

  close(): void {
    this.child.kill("SIGKILL");
  }
}
