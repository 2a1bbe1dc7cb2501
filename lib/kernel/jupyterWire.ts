/**
 * The Jupyter wire format, both directions: frames, HMAC-SHA256 signatures, connection files.
 * https://jupyter-client.readthedocs.io/en/stable/messaging.html (protocol 5.3)
 * Used by the kernel (sockets.ts) and by the headless runner (kernelClient.ts). Messages are signed, never encrypted,
 * so both ends stay on the loopback interface.
 */
import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";

/** What a connection file holds. */
export interface Connection {
  ip: string;
  transport: "tcp";
  shell_port: number;
  iopub_port: number;
  stdin_port: number;
  control_port: number;
  hb_port: number;
  key: string;
  signature_scheme: "hmac-sha256";
  kernel_name: string;
}

export interface Header {
  msg_id: string;
  msg_type: string;
  session: string;
  username: string;
  date: string;
  version: string;
}

export type Content = Record<string, unknown>;

export interface Message {
  /** Routing prefix of a ROUTER socket; on PUB sockets, the topic. */
  identities: Buffer[];
  header: Header;
  parent: Header | Record<string, never>;
  content: Content;
}

/** Of one of its sockets. */
export const addressOf = ({ transport, ip }: Connection, port: number): string => `${transport}://${ip}:${port}`;

const DELIMITER = Buffer.from("<IDS|MSG>");

/** Encodes and decodes the messages of one session. */
export class Wire {
  readonly session = randomUUID();

  constructor(private readonly key: string) {}

  /** A message of this session, answering `parent` where given. */
  message(type: string, content: Content, parent?: Message, identities: Buffer[] = []): Message {
    const header = {
      msg_id: randomUUID(),
      msg_type: type,
      session: this.session,
      username: "mask-dpo",
      date: new Date().toISOString(),
      version: "5.3",
    };
    return { identities, header, parent: parent?.header ?? {}, content };
  }

  encode(message: Message): (Buffer | string)[] {
    const parts = [message.header, message.parent, {}, message.content].map((part) => JSON.stringify(part));
    return [...message.identities, DELIMITER, this.sign(parts), ...parts];
  }

  /** The message, or undefined when it is malformed or its signature is not ours. */
  decode(frames: readonly Buffer[]): Message | undefined {
    const start = frames.findIndex((frame) => frame.equals(DELIMITER));
    const [signature, ...parts] = frames.slice(start + 1);
    if (start < 0 || !signature || parts.length < 4) return undefined;
    const expected = Buffer.from(this.sign(parts.slice(0, 4)));
    if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) return undefined;
    try {
      const [header, parent, , content] = parts.map((part) => JSON.parse(part.toString("utf8")) as Content);
      return {
        identities: frames.slice(0, start),
        header: header as unknown as Header,
        parent: parent as unknown as Header,
        content: content!,
      };
    } catch {
      return undefined;
    }
  }

  private sign(parts: readonly (Buffer | string)[]): string {
    const hmac = createHmac("sha256", this.key);
    for (const part of parts) hmac.update(part);
    return hmac.digest("hex");
  }
}
