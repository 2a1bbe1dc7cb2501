/** A real server: transformers serve, where a Python has it. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import path from "node:path";
import { test } from "node:test";
import { projectRoot } from "../../lib/base/files";
import type { Candidate } from "../../lib/factuality/records";
import type { Served } from "../../lib/preference/serverSample";
import { scratch } from "../golden/fixtures";
import * as here from "./here";
import { rowsOf } from "./process";

const python = process.env.MASK_DPO_PYTHON ?? "python3";
const serving = ["torch", "transformers", "fastapi", "uvicorn", "openai"];
const missing = spawnSync(
  python,
  ["-c", `import importlib.util as u; print(*[m for m in ${JSON.stringify(serving)} if not u.find_spec(m)])`],
  { encoding: "utf8", timeout: 60_000 },
);
const base = path.join(projectRoot, "data/atlas/base");
const skip = whySkipped();

function whySkipped(): string | false {
  if (!existsSync(base)) return "data/atlas/base is not there";
  if (missing.status !== 0) return `no Python (MASK_DPO_PYTHON=${python})`;
  const lacks = missing.stdout.trim().split(" ").join(", ");
  const fix = 'pip install "transformers[serving]" torch, or name another in MASK_DPO_PYTHON';
  return lacks ? `${python} lacks ${lacks}: ${fix}` : false;
}

test(
  "a real server: `transformers serve` gives greedily what our own sampler gives",
  { timeout: 240_000, skip },
  async (t) => {
    const dir = scratch(t);
    const at = (name: string) => path.join(dir, name);
    const probe = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => probe.on("listening", resolve));
    const { port } = probe.address() as AddressInfo;
    await new Promise((resolve) => probe.close(resolve));
    const child = spawn(
      python,
      [
        "-c",
        "from transformers.cli.transformers import main; main()",
        "serve",
        base,
        "--host",
        "127.0.0.1",
        "--port",
        String(port),
        "--device",
        "cpu",
      ],
      { env: { ...process.env, HF_HUB_OFFLINE: "1", OMP_NUM_THREADS: "1" }, stdio: ["ignore", "ignore", "pipe"] },
    );
    t.after(() => child.kill("SIGKILL"));
    let log = "";
    child.stderr.on("data", (data) => {
      log += String(data);
    });
    for (let i = 0; ; i++) {
      if (
        await fetch(`http://127.0.0.1:${port}/health`).then(
          ({ ok }) => ok,
          () => false,
        )
      )
        break;
      assert.ok(child.exitCode === null && i < 360, `the server did not start:\n${log.slice(-2000)}`);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    await here.succeed(["world", "questions", "--split", "test", "--first", "16", "--out", at("questions.jsonl")]);
    const greedy = [
      "sample",
      "--questions",
      at("questions.jsonl"),
      "--k",
      "1",
      "--temperature",
      "0",
      "--top-k",
      "0",
      "--max-new-tokens",
      "64",
    ];
    await here.succeed([...greedy, "--model", base, "--out", at("here.jsonl")]);
    const said = await here.succeed([
      ...greedy,
      "--server",
      `http://127.0.0.1:${port}/v1`,
      "--model-name",
      base,
      "--tokenizer",
      base,
      "--concurrency",
      "2",
      "--out",
      at("served.jsonl"),
    ]);
    assert.match(said, /^16 candidates in .+; \d+ prompt \+ \d+ completion tokens\n$/);
    const [own, there] = [rowsOf<Candidate>(at("here.jsonl")), rowsOf<Candidate>(at("served.jsonl"))];
    const byId = new Map(own.map((row) => [row.questionId, row]));
    for (const { questionId, completion: text } of there)
      assert.equal(text, byId.get(questionId)!.completion, questionId);
    for (const { questionId, finish, completionTokens } of rowsOf<Served>(
      path.join(`${at("served.jsonl")}.run`, "served.1-of-1.jsonl"),
    )) {
      assert.equal(
        completionTokens,
        byId.get(questionId)!.tokenIds!.length + (finish === "stop" ? 1 : 0),
        `${questionId}: tokens`,
      );
    }
  },
);
