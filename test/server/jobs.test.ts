/** Many asks side by side. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { runJobs } from "../../lib/server/jobs";
import type { Ask } from "../../lib/server/wire";
import { userError } from "../golden/fixtures";
import { clientFor, completion, fakeServer, faults, send } from "./fake";

const sampling = { temperature: 0.8, topK: 40, topP: 1, maxNewTokens: 64 };
const chat: Ask = { prompt: [{ role: "user", content: "Hello" }], sampling, seed: 5 };

test("jobs: one that fails stops no other; a server that refuses all, or is gone, stops all", async (t) => {
  const done: number[] = [];
  const picky = await fakeServer(t, (response, seen) =>
    seen.body.seed === 3 ? send(response, { error: "too long" }, 400) : send(response, completion(seen, "ok")),
  );
  const client = clientFor(picky);
  const jobs = Array.from({ length: 30 }, (_, i) => i);
  await assert.rejects(
    runJobs(
      client,
      jobs,
      async (seed) => {
        await client.ask({ ...chat, seed });
        done.push(seed);
      },
      "jobs",
    ),
    userError(/expected a reply for each of 30 jobs, got none for 1 \(the first: HTTP 400.+The others are kept\.$/),
  );
  assert.deepEqual(
    done.sort((a, b) => a - b),
    jobs.filter((i) => i !== 3),
  );

  for (const [answer, most] of [
    [(response) => send(response, "", 401), 4],
    [faults["500"]!, 4 * 14],
  ] as [(typeof faults)[string], number][]) {
    const server = await fakeServer(t, answer);
    const stopped = clientFor(server);
    await assert.rejects(
      runJobs(
        stopped,
        Array.from({ length: 500 }, (_, i) => i),
        async (seed) => void (await stopped.ask({ ...chat, seed })),
        "jobs",
      ),
      userError(/HTTP (401|500)/),
    );
    assert.ok(server.seen.length <= most, `${server.seen.length} requests`);
  }
});
