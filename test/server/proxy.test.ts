/** HTTP_PROXY, HTTPS_PROXY and NO_PROXY, with a proxy on the loopback that notes what it is asked for. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import type { Ask } from "../../lib/server/wire";
import { userError } from "../golden/fixtures";
import { clientFor, fakeServer, good } from "./fake";

const sampling = { temperature: 0, topK: 0, topP: 1, maxNewTokens: 8 };
const chat: Ask = { prompt: [{ role: "user", content: "Hello" }], sampling, seed: 1 };
const variables = ["http_proxy", "https_proxy", "all_proxy", "no_proxy"].flatMap((name) => [name, name.toUpperCase()]);

function setEnv(t: TestContext, env: Record<string, string>): void {
  const before = variables.map((name) => [name, process.env[name]] as const);
  for (const name of variables) delete process.env[name];
  Object.assign(process.env, env);
  t.after(() => {
    for (const name of variables) delete process.env[name];
    for (const [name, value] of before) if (value !== undefined) process.env[name] = value;
  });
}

interface Proxy {
  url: string;
  asked: string[];
  authorizations: (string | undefined)[];
}

/** Answers http requests itself, refuses tunnels. */
async function fakeProxy(t: TestContext): Promise<Proxy> {
  const asked: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} for ${request.headers.host}`);
    authorizations.push(request.headers["proxy-authorization"]);
    request.resume().on("end", () => {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ choices: [{ message: { content: "by proxy" }, finish_reason: "stop" }] }));
    });
  });
  server.on("connect", (request, socket) => {
    asked.push(`CONNECT ${request.url}`);
    socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, authorizations };
}

const ask = (url: string) => clientFor({ url, seen: [] }, { retries: 0, timeoutMs: 4000 }).ask(chat);

test("an http server is asked for through HTTP_PROXY", async (t) => {
  const proxy = await fakeProxy(t);
  setEnv(t, { HTTP_PROXY: proxy.url });
  assert.equal((await ask("http://judge.invalid:8000/v1")).text, "by proxy");
  assert.deepEqual(proxy.asked, ["POST http://judge.invalid:8000/v1/chat/completions for judge.invalid:8000"]);
});

test("an https server through HTTPS_PROXY's tunnel; a failure names the proxy, not its password", async (t) => {
  const proxy = await fakeProxy(t);
  setEnv(t, { https_proxy: proxy.url.replace("//", "//me:secret@") });
  const failed = ask("https://judge.invalid/v1");
  await assert.rejects(failed, userError(new RegExp(`through the proxy ${proxy.url}`)));
  await assert.rejects(failed, (error: Error) => !error.message.includes("secret"));
  assert.deepEqual(proxy.asked, ["CONNECT judge.invalid:443"]);
});

test("name and password of the proxy's address go to the proxy", async (t) => {
  const proxy = await fakeProxy(t);
  setEnv(t, { ALL_PROXY: proxy.url.replace("//", "//me:secret@") });
  await ask("http://judge.invalid/v1");
  assert.deepEqual(proxy.authorizations, [`Basic ${Buffer.from("me:secret").toString("base64")}`]);
});

test("not to what NO_PROXY names, nor to this machine", async (t) => {
  const proxy = await fakeProxy(t);
  const server = await fakeServer(
    t,
    good(() => "direct"),
  );
  setEnv(t, { HTTP_PROXY: proxy.url, NO_PROXY: "other.invalid, .judge.invalid" });
  await assert.rejects(ask("http://eu.judge.invalid/v1"), (error: Error) => /ENOTFOUND|EAI_AGAIN/.test(error.message));
  assert.equal((await ask(server.url)).text, "direct");
  assert.deepEqual(proxy.asked, []);
});

test("a proxy of another protocol is refused", async (t) => {
  setEnv(t, { ALL_PROXY: "socks5://127.0.0.1:1080" });
  await assert.rejects(ask("http://judge.invalid/v1"), userError(/expected the address of an HTTP proxy.*socks5:/));
});
