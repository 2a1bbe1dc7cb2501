/** Signatures of messages, and a kernel's answers to its client outside of notebooks. */
import assert from "node:assert/strict";
import test from "node:test";
import { KernelClient, sleep } from "../../lib/notebook/kernelClient";
import { Wire, type Content } from "../../lib/kernel/jupyterWire";

const frames = (wire: Wire, content: Content) =>
  wire
    .encode(wire.message("execute_request", content, undefined, [Buffer.from("peer")]))
    .map((frame) => Buffer.from(frame));

test("a message survives the wire, and only with our key and unchanged", () => {
  const wire = new Wire("secret");
  const sent = frames(wire, { code: "1 + 1 // ü" });
  const got = new Wire("secret").decode(sent);
  assert.deepEqual(got?.content, { code: "1 + 1 // ü" });
  assert.deepEqual(got?.identities.map(String), ["peer"]);
  assert.equal(new Wire("other").decode(sent), undefined);
  for (let i = 1; i < sent.length; i++) {
    const changed = sent.map((frame, k) => (k === i ? Buffer.concat([frame, Buffer.from(" ")]) : frame));
    assert.equal(wire.decode(changed), undefined, `frame ${i} was changed`);
  }
  assert.equal(wire.decode([Buffer.from("noise")]), undefined);
});

test(
  "an interrupt really stops work that reports progress; the kernel lives on",
  { skip: process.platform === "win32" && "signals are tested on POSIX" },
  async () => {
    const kernel = await KernelClient.start();
    try {
      const outputs: string[] = [];
      const run = (code: string) =>
        kernel.execute(code, (type, content) => outputs.push(type === "stream" ? String(content.text) : type));
      const work = run(`import { startProgress } from "./lib/base/progress";
      const progress = startProgress("work", 1e9);
      for (let i = 1; ; i++) {
        progress.update(i);
        process.env.STEPS = String(i);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }`);
      while (!outputs.includes("update_display_data")) await sleep(50);
      kernel.interrupt();
      const reply = await work;
      assert.deepEqual([reply.status, reply.ename], ["error", "Interrupted"]);
      outputs.length = 0;
      const { status } = await run(`const first = process.env.STEPS;
      await new Promise((resolve) => setTimeout(resolve, 200));
      console.log(first === process.env.STEPS);`);
      assert.equal(status, "ok");
      assert.ok(outputs.includes("true\n"), outputs.join());
    } finally {
      await kernel.stop();
    }
  },
);
