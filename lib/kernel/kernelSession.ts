/** One kernel process: what each Jupyter request does. Started by kernel.mjs. */
import { readFileSync } from "node:fs";
import { isCompleteCode } from "tslab/dist/converter";
import { printQuickInfo } from "tslab/dist/inspect";
import { versions } from "tslab";
import { CellRunner } from "./cells";
import { endChildrenWithThis } from "./children";
import { registerKernelHost, type KernelHost } from "../show/host";
import { drawProgressInNotebook } from "./notebookProgress";
import { KernelServer } from "./sockets";
import type { Connection, Content, Message } from "./jupyterWire";

/** Requests that were sent before a cell failed and arrive within this time after are part of the same "run all". */
const ABORT_WINDOW_MS = 500;

/** Serves until a shutdown request. @param root project root, already the working folder */
export async function startSession(connectionFile: string, root: string): Promise<void> {
  endChildrenWithThis();
  const server = new KernelServer(JSON.parse(readFileSync(connectionFile, "utf8")) as Connection);
  const cells = new CellRunner(root);
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
    shell: { ...common, ...shellHandlers(server, cells) },
    control: { ...common, interrupt_request: interrupt },
  });
}

function shellHandlers(server: KernelServer, cells: CellRunner) {
  let count = 0;
  let failedAt = 0;
  return {
    async execute_request(request: Message): Promise<Content> {
      const {
        code,
        silent,
        stop_on_error: stopOnError,
      } = request.content as { code: string; silent?: boolean; stop_on_error?: boolean };
      const sentAt = Date.parse(request.header.date);
      if (sentAt < failedAt && Date.now() - failedAt < ABORT_WINDOW_MS)
        return { status: "aborted", execution_count: count };
      if (!silent) server.publish("execute_input", { code, execution_count: ++count }, request);
      const error = await cells.run(code, count, (type, content) => {
        if (!silent) server.publish(type, content, request);
      });
      if (!error) return { status: "ok", execution_count: count, user_expressions: {}, payload: [] };
      if (stopOnError !== false) failedAt = Date.now();
      return { status: "error", execution_count: count, ...error };
    },
    complete_request: ({ content }: Message) => cells.complete(String(content.code), Number(content.cursor_pos)),
    inspect_request({ content }: Message): Content {
      const info = cells.inspect(String(content.code), Number(content.cursor_pos)) as
        ReturnType<CellRunner["inspect"]> | undefined;
      return {
        status: "ok",
        found: info !== undefined,
        data: info ? { "text/plain": printQuickInfo(info) } : {},
        metadata: {},
      };
    },
    is_complete_request({ content }: Message): Content {
      const { completed, indent } = isCompleteCode(String(content.code));
      return completed ? { status: "complete" } : { status: "incomplete", indent };
    },
    comm_info_request: (): Content => ({ status: "ok", comms: {} }),
    history_request: (): Content => ({ status: "ok", history: [] }),
  };
}

function kernelInfo(): Content {
  return {
    status: "ok",
    protocol_version: "5.3",
    implementation: "mask-dpo",
    implementation_version: versions.tslab,
    banner: `TypeScript ${versions.typescript} (tslab ${versions.tslab}, Node ${process.versions.node})`,
    language_info: {
      name: "typescript",
      version: versions.typescript,
      mimetype: "text/typescript",
      file_extension: ".ts",
      codemirror_mode: { mode: "typescript", name: "javascript", typescript: true },
    },
  };
}
