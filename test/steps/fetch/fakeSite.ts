/** A site on the loopback that a test fills: files with ranges, and what was asked of it. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export interface Site {
  url: string;
  /** "GET /path" of every request, with its range behind it. */
  asked: string[];
}

/** @param answer by the path without its query */
export async function fakeSite(t: TestContext, answer: (path: string) => Answer | undefined): Promise<Site> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    response.on("error", () => undefined);
    const { pathname } = new URL(request.url!, "http://site");
    asked.push([request.method, pathname, request.headers.range].filter(Boolean).join(" "));
    (answer(pathname) ?? missing)(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve))));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

export const missing: Answer = (_request, response) => response.writeHead(404).end("no such page");

export function json(value: unknown, headers: Record<string, string> = {}): Answer {
  return (_request, response) =>
    response.writeHead(200, { "content-type": "application/json", ...headers }).end(JSON.stringify(value));
}

/** A file, or the part of it that was asked for. @param sent bytes after which the connection breaks, once */
export function bytes(content: Buffer, sent?: { once: number | undefined }): Answer {
  return (request, response) => {
    const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
    const from = Number(first ?? 0);
    const part = content.subarray(from, last ? Number(last) + 1 : undefined);
    const range = `bytes ${from}-${from + part.length - 1}/${content.length}`;
    response.writeHead(first ? 206 : 200, {
      "content-length": part.length,
      etag: '"x"',
      ...(first ? { "content-range": range } : {}),
    });
    const stop = part.length > 1 ? sent?.once : undefined;
    if (stop === undefined) return void response.end(part);
    sent!.once = undefined;
    response.write(part.subarray(0, stop), () => setTimeout(() => response.destroy(), 20));
  };
}
