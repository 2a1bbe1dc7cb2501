/**
 * The kernel's sockets and message loop (Jupyter protocol 5.3, loopback); stdin.ts has those of the other thread.
 * tslab's own server loses output: zeromq allows 512 sends that nobody awaits and tslab awaits none. Here every send
 * is immediate (sendTimeout 0) and no queue is bounded (high-water mark 0).
 */
import { Publisher, Router } from "zeromq";
import { addressOf, Wire, type Connection, type Content, type Message } from "./jupyterWire";

/** Answers one request. The content goes back as `<type>_reply`; undefined sends none. */
export type Handler = (request: Message) => Promise<Content | undefined> | Content | undefined;

const SENDING = { sendTimeout: 0, sendHighWaterMark: 0, linger: 1000 };
const BOTH_WAYS = { ...SENDING, receiveHighWaterMark: 0 };

export class KernelServer {
  readonly wire: Wire;
  private readonly iopub = new Publisher(SENDING);
  private readonly shell = new Router(BOTH_WAYS);
  private readonly control = new Router(BOTH_WAYS);

  constructor(private readonly connection: Connection) {
    this.wire = new Wire(connection.key);
  }

  /** Binds the sockets and answers from then on: shell requests one after the other, control requests at once. */
  async listen(handlers: { shell: Record<string, Handler>; control: Record<string, Handler> }): Promise<void> {
    const c = this.connection;
    const bind = (socket: Publisher | Router, port: number) => socket.bind(addressOf(c, port));
    await Promise.all([
      bind(this.iopub, c.iopub_port),
      bind(this.shell, c.shell_port),
      bind(this.control, c.control_port),
    ]);
    void this.loop(this.shell, handlers.shell);
    void this.loop(this.control, handlers.control);
  }

  /** Publishes on iopub, as output of the request `parent`. */
  publish(type: string, content: Content, parent: Message): void {
    void this.iopub.send(this.wire.encode(this.wire.message(type, content, parent, [Buffer.from(type)])));
  }

  close(): void {
    for (const socket of [this.shell, this.control, this.iopub]) socket.close();
  }

  private async loop(socket: Router, handlers: Record<string, Handler>): Promise<void> {
    for await (const frames of socket) {
      const request = this.wire.decode(frames);
      // A message that is not signed with our key is none of ours.
      if (request) await this.answer(socket, request, handlers[request.header.msg_type]);
    }
  }

  private async answer(socket: Router, request: Message, handler: Handler | undefined): Promise<void> {
    this.publish("status", { execution_state: "busy" }, request);
    try {
      const content = await handler?.(request);
      const type = request.header.msg_type.replace(/_request$/, "_reply");
      if (content) void socket.send(this.wire.encode(this.wire.message(type, content, request, request.identities)));
    } finally {
      this.publish("status", { execution_state: "idle" }, request);
    }
  }
}
