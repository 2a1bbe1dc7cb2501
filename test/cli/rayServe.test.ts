/** Real servers behind one address: Ray Serve with two replicas of our own, where a Python has it. */
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { projectRoot } from "../../lib/base/files";
import { scratch } from "../golden/fixtures";
import { scriptedModel } from "../model/scripted";
import { annotateFrom, freePort, pythonOf, sampleFrom, startServer, whySkipped } from "./realServer";

const variable = "MASK_DPO_RAY_PYTHON";
const skip = whySkipped(variable, ["ray", "ray.serve", "starlette"], '"ray[serve]"');

test(
  "Ray Serve: two replicas answer for one server, and sample and annotate as one",
  { skip, timeout: 300_000 },
  async (t) => {
    const dir = scratch(t);
    const port = await freePort();
    const script = path.join(projectRoot, "lib/steps/serve/ray_serve.py");
    const replicas = ["--replicas", "2", "--cpus", "0.5", "--port", String(port), "--node", process.execPath];
    const url = await startServer(
      t,
      pythonOf(variable),
      [script, "--model", scriptedModel(t, "<No Facts>"), ...replicas],
      { port, env: { RAY_USAGE_STATS_ENABLED: "0", RAY_SERVE_HTTP_REQUEST_TIMEOUT_S: "60" } },
    );
    const seen = new Set<string | null>();
    for (let tries = 0; seen.size < 2; tries++) {
      assert.ok(tries < 200, "both replicas answer");
      const answers = await Promise.all(Array.from({ length: 16 }, () => fetch(`${url}/models`)));
      for (const { ok, headers } of answers) if (ok) seen.add(headers.get("x-replica"));
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    const server = ["--server", url, "--model-name", "scripted"];
    const sampled = await sampleFrom(dir, server);
    assert.deepEqual(new Set(sampled.rows.map(({ completion }) => completion)), new Set(["<No Facts>"]));
    assert.match(sampled.said, /^8 candidates in .+; \d+ prompt \+ 88 completion tokens\n$/);
    const { said } = await annotateFrom(dir, server, sampled);
    assert.match(said, / 2 no fact \(0 of them because no reply could be parsed\); \d calls/);
  },
);
