/**
 * One kernel process and the connection to it, for running notebooks without Python.
 * Loopback only; a fresh 256-bit key per kernel; the connection file is readable by this user only and removed with
 * the kernel; messages with another signature are dropped.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import net, { type AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { Dealer, Subscriber } from "zeromq";
import { projectRoot } from "../base/files";
import { inheritedEnvironment } from "../engine/environment";
import { Wire, type Connection, type Content, type Message } from "../kernel/jupyterWire";

const START_TIMEOUT_MS = 120_000;
const POKE_MS = 250;
const LOG_CHARS = 8000;
const UNBOUNDED = { linger: 0, receiveHighWaterMark: 0, sendHighWaterMark: 0 };

/** The kernel process ended by itself. `log` is the end of what it wrote outside the protocol. */
export class KernelDied extends Error {
  constructor(
    readonly how: string,
    readonly log: string,
  ) {
    super(`the kernel ended (${how})`);
  }
}

/** One request under way. */
interface Request {
  reply: Content | undefined;
  idle: boolean;
  onOutput: (type: string, content: Content) => void;
  resolve: (reply: Content) => void;
  reject: (error: Error) => void;
}

export class KernelClient {
  private readonly wire: Wire;
  private readonly shell = new Dealer(UNBOUNDED);
  private readonly control = new Dealer(UNBOUNDED);
  private readonly iopub = new Subscriber({ linger: 0, receiveHighWaterMark: 0 });
  /** Kept after the end of a request: output may come later. */
  private readonly requests = new Map<string, Request>();
  private log = "";
  private dead: KernelDied | undefined;
  private readonly exited: Promise<void>;

  private constructor(
    private readonly process: ChildProcess,
    connection: Connection,
  ) {
    this.wire = new Wire(connection.key);
    this.exited = new Promise((resolve) => {
      const end = (how: string) => {
        this.dead ??= new KernelDied(how, this.log);
        for (const request of this.requests.values()) request.reject(this.dead);
        resolve();
      };
      process.once("error", (error) => end(error.message));
      process.once("exit", () => this.signal("SIGKILL")); // what cells started, whatever it does about milder signals
      process.once("close", (code, signal) => end(signal ?? `exit code ${code}`));
    });
    for (const stream of [process.stdout, process.stderr])
      stream?.on("data", (data: Buffer) => (this.log = (this.log + data.toString()).slice(-LOG_CHARS)));
    const address = (port: number) => `${connection.transport}://${connection.ip}:${port}`;
    this.shell.connect(address(connection.shell_port));
    this.control.connect(address(connection.control_port));
    this.iopub.connect(address(connection.iopub_port));
    this.iopub.subscribe();
    for (const socket of [this.shell, this.control, this.iopub]) void this.receive(socket, socket === this.iopub);
  }

  /**
   * Starts a kernel and waits until it answers and can check types, so that no cell's time holds that.
   * @param env added to this process's environment
   * @throws KernelDied
   */
  static async start(env: NodeJS.ProcessEnv = {}): Promise<KernelClient> {
    const connection = await newConnection();
    const folder = mkdtempSync(path.join(os.tmpdir(), "mask-dpo-"));
    try {
      const file = path.join(folder, "connection.json");
      writeFileSync(file, JSON.stringify(connection), { mode: 0o600 });
      const child = spawn(process.execPath, [path.join(projectRoot, "lib/kernel/kernel.mjs"), file], {
        cwd: projectRoot,
        // A group of its own: Ctrl-C in the terminal reaches the runner, which interrupts the kernel in order.
        detached: process.platform !== "win32",
        stdio: ["pipe", "pipe", "pipe"],
        env: { ...inheritedEnvironment(), NO_COLOR: "1", FORCE_COLOR: "0", ...env, MASK_DPO_OWNED_KERNEL: "1" },
      });
      const client = new KernelClient(child, connection);
      try {
        await client.waitUntilReady();
        await client.request(client.shell, "is_complete_request", { code: "" });
      } catch (error) {
        await client.stop();
        throw error;
      }
      return client;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  get pid(): number | undefined {
    return this.process.pid;
  }

  /**
   * Runs code to its end: the reply is in and the kernel is idle again. `onOutput` may be called later still, by
   * output of work that outlives the request. @throws KernelDied
   */
  execute(code: string, onOutput: (type: string, content: Content) => void): Promise<Content> {
    return this.request(
      this.shell,
      "execute_request",
      { code, silent: false, store_history: true, user_expressions: {}, allow_stdin: false, stop_on_error: true },
      onOutput,
    );
  }

  /** Language info of the kernel, and a way to know that everything sent before has been received. */
  info(): Promise<Content> {
    return this.request(this.shell, "kernel_info_request", {});
  }

  interrupt(): void {
    if (process.platform === "win32") this.request(this.control, "interrupt_request", {}).catch(() => undefined);
    else this.signal("SIGINT");
  }

  /** Ends the kernel: by request, after 1.5 s by force. */
  async stop(): Promise<void> {
    if (!this.dead) {
      this.request(this.control, "shutdown_request", { restart: false }).catch(() => undefined);
      await Promise.race([this.exited, sleep(1500)]);
      this.kill();
      await this.exited;
    }
    for (const socket of [this.shell, this.control, this.iopub]) socket.close();
  }

  /** Ends the kernel and everything it started, at once. */
  kill(): void {
    if (!this.dead) this.signal("SIGKILL");
  }

  private signal(signal: NodeJS.Signals): void {
    try {
      if (process.platform === "win32") this.process.kill(signal);
      else if (this.process.pid) process.kill(-this.process.pid, signal);
    } catch {
      // already gone
    }
  }

  /**
   * iopub is publish/subscribe: what is sent before our subscription lands is lost, so ask until one answer is seen
   * whole.
   */
  private async waitUntilReady(): Promise<void> {
    const start = Date.now();
    while (Date.now() - start < START_TIMEOUT_MS) {
      const ready = await Promise.race([this.info().then(() => true), sleep(POKE_MS).then(() => false)]);
      if (ready) return;
    }
    throw new KernelDied(`no answer in ${START_TIMEOUT_MS / 1000} s`, this.log);
  }

  private request(
    socket: Dealer,
    type: string,
    content: Content,
    onOutput: Request["onOutput"] = () => undefined,
  ): Promise<Content> {
    if (this.dead) return Promise.reject(this.dead);
    const message = this.wire.message(type, content);
    const done = new Promise<Content>((resolve, reject) => {
      this.requests.set(message.header.msg_id, { reply: undefined, idle: false, onOutput, resolve, reject });
    });
    done.catch(() => undefined);
    socket.send(this.wire.encode(message)).catch(() => undefined);
    return done;
  }

  private async receive(socket: Dealer | Subscriber, isOutput: boolean): Promise<void> {
    try {
      for await (const frames of socket) {
        const message = this.wire.decode(frames);
        if (message) this.dispatch(message, isOutput);
      }
    } catch {
      // the socket was closed
    }
  }

  private dispatch({ header, parent, content }: Message, isOutput: boolean): void {
    const request = this.requests.get(parent.msg_id ?? "");
    if (!request) return;
    if (!isOutput) request.reply = content;
    else if (header.msg_type === "status") request.idle ||= content.execution_state === "idle";
    else request.onOutput(header.msg_type, content);
    if (request.reply && request.idle) request.resolve(request.reply);
  }
}

/** Resolves after `ms`, without keeping the process alive. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}

async function newConnection(): Promise<Connection> {
  const servers = await Promise.all(
    Array.from(
      { length: 5 },
      () =>
        new Promise<net.Server>((resolve, reject) => {
          const server = net
            .createServer()
            .once("error", reject)
            .listen(0, "127.0.0.1", () => resolve(server));
        }),
    ),
  );
  const [shell_port, iopub_port, stdin_port, control_port, hb_port] = servers.map(
    (server) => (server.address() as AddressInfo).port,
  ) as [number, number, number, number, number];
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  const key = randomBytes(32).toString("hex");
  return {
    shell_port,
    iopub_port,
    stdin_port,
    control_port,
    hb_port,
    ip: "127.0.0.1",
    transport: "tcp",
    key,
    signature_scheme: "hmac-sha256",
    kernel_name: "mask-dpo",
  };
}
