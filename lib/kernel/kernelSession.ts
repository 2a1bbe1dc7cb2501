/** One kernel process: what each Jupyter request does. Started by kernel.mjs. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Worker } from "node:worker_threads";
import { CellRunner } from "./cells";
import { Checker } from "./checking/checker";
import { endChildrenWithThis } from "./children";
import { registerKernelHost, type KernelHost } from "../show/host";
import { History } from "./history";
import { drawProgressInNotebook } from "./notebookProgress";
import { KernelServer } from "./sockets";
import { registerQuestions, Stdin } from "./stdin";
import type { Connection, Content, Message } from "./jupyterWire";

/** Requests that were sent before a cell failed and arrive within this time after are part of the same "run all". */
const ABORT_WINDOW_MS = 500;

/**
 * Serves until a shutdown request.
 * @param root project root, already the working folder
 * @param thread the type checker's, already under way
 */
export async function startSession(connectionFile: string, root: string, thread: Worker): Promise<void> {
  endChildrenWithThis();
  const connection = JSON.parse(readFileSync(connectionFile, "utf8")) as Connection;
  const server = new KernelServer(connection);
  const stdin = await Stdin.open(connection, server.wire);
  const checker = new Checker(thread);
  const cells = new CellRunner(root, checker);
  const host: KernelHost = {
    display: (data, { id, update, progress } = {}) =>
      cells.post(update ? "update_display_data" : "display_data", {
        data,
        metadata: {},
        transient: { display_id: id, progress },
      }),
    interrupts: () => cells.interrupts,
  };
  registerKernelHost(host);
  drawProgressInNotebook(host);
  console.clear = () => cells.post("clear_output", { wait: false });
  process.on("SIGINT", () => cells.interrupt());
  const shutdown = ({ content }: Message): Content => {
    setTimeout(() => {
      server.close();
      process.exit(0);
    }, 20);
    return { status: "ok", restart: content.restart ?? false };
  };
  const interrupt = (): Content => {
    cells.interrupt();
    return { status: "ok" };
  };
  const common = { kernel_info_request: kernelInfo, shutdown_request: shutdown };
  await server.listen({
    shell: { ...common, ...shellHandlers(server, cells, checker, stdin) },
    control: { ...common, interrupt_request: interrupt },
  });
}

function shellHandlers(server: KernelServer, cells: CellRunner, checker: Checker, stdin: Stdin) {
  const history = new History();
  let count = 0;
  let failedAt = 0;
  let asking: Message; // the cell that runs, or the last one
  registerQuestions((text) => {
    cells.flush();
    return stdin.ask(text, asking);
  });
  return {
    async execute_request(request: Message): Promise<Content> {
      const {
        code,
        silent,
        store_history: stored,
        stop_on_error: stopOnError,
      } = request.content as { code: string; silent?: boolean; store_history?: boolean; stop_on_error?: boolean };
      const sentAt = Date.parse(request.header.date);
      if (sentAt < failedAt && Date.now() - failedAt < ABORT_WINDOW_MS)
        return { status: "aborted", execution_count: count };
      asking = request;
      if (!silent) {
        server.publish("execute_input", { code, execution_count: ++count }, request);
        if (stored !== false) history.add(count, code);
      }
      const error = await cells.run(code, count, (type, content) => {
        if (!silent) server.publish(type, content, request);
      });
      if (!error) return { status: "ok", execution_count: count, user_expressions: {}, payload: [] };
      if (stopOnError !== false) failedAt = Date.now();
      return { status: "error", execution_count: count, ...error };
    },
    complete_request: ({ content }: Message) => cells.complete(String(content.code), Number(content.cursor_pos)),
    inspect_request: ({ content }: Message) => cells.inspect(String(content.code), Number(content.cursor_pos)),
    is_complete_request: async ({ content }: Message): Promise<Content> => ({
      ...(await checker.ask("isComplete", String(content.code))),
    }),
    comm_info_request: (): Content => ({ status: "ok", comms: {} }),
    history_request: ({ content }: Message): Content => ({ status: "ok", history: history.find(content) }),
  };
}

const versionOf = (name: string): string =>
  (createRequire(__filename)(`${name}/package.json`) as { version: string }).version;

function kernelInfo(): Content {
  const [tslab, typescript] = ["tslab", "@tslab/typescript-for-tslab"].map(versionOf);
  return {
    status: "ok",
    protocol_version: "5.3",
    implementation: "mask-dpo",
    implementation_version: tslab,
    banner: `TypeScript ${typescript} (tslab ${tslab}, Node ${process.versions.node})`,
    language_info: {
      name: "typescript",
      version: typescript,
      mimetype: "text/typescript",
      file_extension: ".ts",
      codemirror_mode: { mode: "typescript", name: "javascript", typescript: true },
    },
  };
}
