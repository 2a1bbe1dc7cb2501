/**
 * Asking the user, as browsers and Deno do: `prompt`, `confirm` and `alert` wait for the answer, and so does the cell.
 * Another thread has the sockets of the answer and of heartbeats, so that both come through meanwhile.
 */
import { once } from "node:events";
import path from "node:path";
import vm from "node:vm";
import { MessageChannel, receiveMessageOnPort, Worker, type MessagePort } from "node:worker_threads";
import { UserError } from "../base/check";
import { addressOf, type Connection, type Message, type Wire } from "./jupyterWire";

/** How often it is looked whether Jupyter is there while a question waits; it started this process. */
const LOOK_MS = 1000;
const parent = process.ppid;
/** Time for closing the sockets when the process ends. */
const CLOSING_MS = 500;
/** Where the script that waits finds what it runs. */
const WAIT = Symbol.for("mask-dpo.wait");
/** Run so that an interrupt ends it wherever it stands. */
const waiting = new vm.Script(`globalThis[Symbol.for("mask-dpo.wait")]()`, { filename: "prompt" });

export class Stdin {
  private constructor(
    private readonly port: MessagePort,
    private readonly arrived: Int32Array,
    private readonly wire: Wire,
  ) {}

  /** Binds both sockets, and answers heartbeats from then on. */
  static async open(connection: Connection, wire: Wire): Promise<Stdin> {
    const { port1: ours, port2: port } = new MessageChannel();
    const arrived = new Int32Array(new SharedArrayBuffer(4));
    const workerData = {
      heartbeat: addressOf(connection, connection.hb_port),
      stdin: addressOf(connection, connection.stdin_port),
      arrived,
      port,
    };
    const thread = new Worker(path.join(__dirname, "aside.cjs"), { workerData, transferList: [port] });
    await once(thread, "message");
    process.on("exit", () => {
      const seen = Atomics.load(arrived, 0);
      thread.postMessage("close");
      Atomics.wait(arrived, 0, seen, CLOSING_MS);
    });
    thread.unref();
    ours.unref();
    return new Stdin(ours, arrived, wire);
  }

  /**
   * Asks and waits.
   * @param request the cell's, whose front end is asked
   * @throws UserError when nobody can be asked there
   */
  ask(prompt: string, request: Message): string {
    if (request.content.allow_stdin !== true)
      throw new UserError({
        where: "prompt",
        expected: "a front end that asks its user",
        got: "one without (a headless run, say)",
        fix: "Run the cell in JupyterLab, or give the value in the cell.",
      });
    const question = this.wire.message("input_request", { prompt, password: false }, request, request.identities);
    let answer: string | undefined;
    // Sent in there too: an interrupt that comes once it is seen ends the waiting, and is not too early for it.
    Object.assign(globalThis, { [WAIT]: () => (answer = this.answerTo(question)) });
    waiting.runInThisContext({ breakOnSigint: true });
    return answer!;
  }

  private answerTo(question: Message): string {
    while (receiveMessageOnPort(this.port)); // answers to what nobody waits for any more
    this.port.postMessage(this.wire.encode(question));
    for (;;) {
      const answer = this.wire.decode(this.next().map((frame) => Buffer.from(frame)));
      if (answer?.header.msg_type === "input_reply") return String(answer.content.value);
    }
  }

  /** Waits for the next message. */
  private next(): Uint8Array[] {
    for (;;) {
      const seen = Atomics.load(this.arrived, 0);
      const received = receiveMessageOnPort(this.port);
      if (received) return received.message as Uint8Array[];
      Atomics.wait(this.arrived, 0, seen, LOOK_MS);
      if (process.env.JPY_PARENT_PID === String(parent) && process.ppid !== parent) process.exit(1); // nobody answers
    }
  }
}

/** Gives cells `prompt`, `confirm` and `alert`. @param ask shows a text and waits for a line */
export function registerQuestions(ask: (text: string) => string): void {
  globalThis.prompt = (message = "Prompt", preset = "") => {
    const answer = ask(preset ? `${message} [${preset}] ` : `${message} `);
    return answer || preset || null;
  };
  globalThis.confirm = (message = "Confirm") => /^y(es)?$/i.test(ask(`${message} [y/N] `).trim());
  globalThis.alert = (message: unknown = "Alert") => void ask(`${String(message)} [Enter] `);
}
