/** Runs the command lines of a script in the test's own process, for scripts that run in processes elsewhere too. */
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { text } from "node:stream/consumers";
import type { TestContext } from "node:test";
import { run } from "./here";
import type { Ended } from "./process";

/** What stands for `mask-dpo` in a script: commands are sent here, one at a time. */
export async function serveHere(t: TestContext): Promise<string[]> {
  const server = createServer((request, response) => {
    void answer(request).then((ended) => response.end(JSON.stringify(ended)));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  return [process.execPath, path.join(__dirname, "askHere.mjs"), `http://127.0.0.1:${port}`];
}

async function answer(request: IncomingMessage): Promise<Ended> {
  const { args, cwd } = JSON.parse(await text(request)) as { args: string[]; cwd: string };
  const before = process.cwd();
  process.chdir(cwd);
  try {
    return await run(args);
  } finally {
    process.chdir(before);
  }
}
