/** What an engine sets for its own process does not reach the processes that this one starts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startEngine } from "../../lib/engine/backend";
import { inheritedEnvironment } from "../../lib/engine/environment";
import { KernelClient } from "../../lib/notebook/kernelClient";

const threads = "TF_NUM_INTRAOP_THREADS";

test("a kernel that is started beside an engine of one thread has no such limit", async () => {
  delete process.env[threads];
  process.env["TF_NUM_INTEROP_THREADS"] = "3"; // a user's own
  await startEngine();
  assert.equal(process.env[threads], "1");
  const { [threads]: intra, TF_NUM_INTEROP_THREADS: inter } = inheritedEnvironment();
  assert.deepEqual([intra, inter], [undefined, "3"]);
  const kernel = await KernelClient.start();
  try {
    let printed = "";
    await kernel.execute(`console.log(process.env.${threads} ?? "all")`, (_type, content) => {
      printed += JSON.stringify(content);
    });
    assert.match(printed, /all/);
  } finally {
    await kernel.stop();
  }
});
