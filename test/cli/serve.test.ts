/** `mask-dpo serve` as a user runs it: what it says, and how it ends. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { scriptedModel } from "../model/scripted";
import * as here from "./here";
import { start, until, type Running } from "./process";

/** Starts it at a free port, and waits until it says where it is. */
async function serving(args: readonly string[], env = {}): Promise<Running & { said: () => string; url: string }> {
  const running = start(["serve", "--port", "0", ...args], env);
  let said = "";
  running.child.stdout!.on("data", (data) => (said += String(data)));
  await until(() => /token.*\n/.test(said), running);
  return { ...running, said: () => said, url: /http:\S+/.exec(said)![0].replace(/;$/, "") };
}

test("it says where it is and what opens it, and Ctrl-C ends it in the middle of an answer", async (t) => {
  const model = scriptedModel(t, "ab", { ends: false, maxPositions: 1 << 20 });
  const { child, ended, said, url } = await serving(["--model", model], { MASK_DPO_API_KEY: undefined });
  assert.match(said(), /^scripted at http:\/\/127\.0\.0\.1:\d+\/v1 on .+; Ctrl-C ends it\ntoken: [\w-]{32}\n$/);
  const [, token] = /token: (.+)\n/.exec(said())!;
  const response = await fetch(`${url}/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ model: "scripted", prompt: "\n", max_tokens: 1 << 19, stream: true }),
  });
  const reader = response.body!.getReader();
  await reader.read();
  child.kill("SIGINT");
  const { code, stdout, stderr } = await ended;
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(stdout, /\nstopped\n$/);
});

test("the token is that of the environment where it has one, which is not shown", async (t) => {
  const model = scriptedModel(t, "<No>");
  const { child, ended, said, url } = await serving(["--model", model], { MASK_DPO_API_KEY: "sk-do-not-show" });
  assert.equal((await fetch(`${url}/models`, { headers: { authorization: "Bearer sk-do-not-show" } })).status, 200);
  assert.equal((await fetch(`${url}/models`)).status, 401);
  child.kill("SIGTERM");
  assert.equal((await ended).code, 0);
  assert.doesNotMatch(said(), /do-not-show/);
  await here.refuse(["serve", "--model", model, "--host", "0.0.0.0", "--no-token"], /--no-token: expected a server/);
});
