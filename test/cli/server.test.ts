/** `sample` and `annotate` with a server, as a user runs them: killed, interrupted, shared out, paid for; and a real server. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import path from "node:path";
import { test } from "node:test";
import { projectRoot } from "../../lib/base/files";
import { writeJsonl } from "../../lib/base/jsonl";
import type { AnnotatedCandidate, Candidate } from "../../lib/factuality/records";
import type { Served } from "../../lib/preference/serverSample";
import { completion, fakeServer, good, send, type Seen } from "../server/fake";
import { scratch } from "../golden/fixtures";
import { writeQuestions } from "./data";
import * as here from "./here";
import { filesBelow, linesOf, rowsOf, run, start, succeed, until } from "./process";

const textOf = ({ body }: Seen): string => `${body.messages![0]!.content} ${body.seed}`;
const nameOf = ({ questionId, index }: Pick<Candidate, "questionId" | "index">): string => `${index} ${questionId}`;

test(
  "sample, killed in the middle of a row and interrupted, asks for nothing twice that is on disk",
  { timeout: 120_000 },
  async (t) => {
    const dir = scratch(t),
      questions = writeQuestions(path.join(dir, "questions.jsonl"), 12),
      out = path.join(dir, "out.jsonl"),
      calm = path.join(dir, "calm.jsonl");
    const served = path.join(`${out}.run`, "served.1-of-1.jsonl");
    const server = await fakeServer(
      t,
      (response, seen) => void setTimeout(() => send(response, completion(seen, textOf(seen))), 40),
    );
    const sample = (to: string) => [
      "sample",
      "--server",
      server.url,
      "--model-name",
      "m",
      "--questions",
      questions,
      "--out",
      to,
      "--k",
      "4",
      "--concurrency",
      "3",
      "--price",
      "1,2",
    ];
    const env = { MASK_DPO_API_KEY: "sk-do-not-show" };
    const asked = (from: number): string[] => server.seen.slice(from).map(textOf);

    const { signal } = await run(sample(out), { ...env, KILL_AT: "write served.1-of-1.jsonl 7" });
    assert.equal(signal, "SIGKILL");
    const half = readFileSync(served, "utf8");
    assert.equal(linesOf(served), 6);
    assert.ok(!half.endsWith("\n"));
    const kept = half
      .split("\n")
      .slice(0, 6)
      .map((line) => (JSON.parse(line) as Served).completion);

    const second = server.seen.length,
      running = start(sample(out), env);
    await until(() => linesOf(served) >= 20, running);
    running.child.kill("SIGINT");
    const { code, stderr } = await running.ended;
    assert.equal(code, 130, stderr);
    assert.deepEqual(
      asked(second).filter((text) => kept.includes(text)),
      [],
    );
    assert.ok(!existsSync(out), "not written before everything is there");

    const third = server.seen.length,
      done = rowsOf<Served>(served).map((row) => row.completion);
    const said = await succeed(sample(out), env);
    assert.equal(said, `48 candidates in ${out}; 336 prompt + 144 completion tokens, cost 0.0006\n`);
    assert.deepEqual(
      asked(third).filter((text) => done.includes(text)),
      [],
    );
    assert.equal(server.seen.length - third, 48 - done.length);
    await here.succeed(sample(calm), env);
    assert.equal(readFileSync(out, "utf8"), readFileSync(calm, "utf8"));
    assert.deepEqual(
      rowsOf<Candidate>(out).map(nameOf),
      Array.from({ length: 48 }, (_, i) => `${i % 4} q${i >> 2}`),
    );
    const last = server.seen.length;
    await here.succeed(sample(out), env);
    assert.equal(server.seen.length, last, "finished: nothing is asked again");

    assert.deepEqual(
      new Set(server.seen.map(({ authorization }) => authorization)),
      new Set(["Bearer sk-do-not-show"]),
    );
    for (const file of filesBelow(dir).map((name) => path.join(dir, name)))
      if (/\.jsonl?$/.test(file)) assert.ok(!readFileSync(file, "utf8").includes("do-not-show"), file);
    assert.ok(!(stderr + said).includes("do-not-show"));
    assert.deepEqual(filesBelow(`${out}.run`), ["run.json", "served.1-of-1.jsonl"]);
    await here.refuse(
      [...sample(out), "--seed", "9"],
      /run\.json: expected a run with seed = 9, got one with seed = 1/,
    );
  },
);

test(
  "shares write the output once all are there; what is missing or wrong is said",
  { timeout: 120_000 },
  async (t) => {
    const dir = scratch(t),
      questions = writeQuestions(path.join(dir, "questions.jsonl"), 10),
      out = path.join(dir, "out.jsonl");
    const server = await fakeServer(t, good(textOf));
    const sample = (...more: string[]) => [
      "sample",
      "--server",
      server.url,
      "--questions",
      questions,
      "--out",
      out,
      "--k",
      "2",
      ...more,
    ];
    assert.match(
      await here.succeed(sample("--model-name", "m", "--shard", "1/2")),
      /^share 1 of 2 done, \d+ of 20 candidates in all; .+out\.jsonl is written when the other shares are/,
    );
    assert.ok(!existsSync(out));
    assert.match(await here.succeed(sample("--model-name", "m", "--shard", "2/2")), /^20 candidates in /);
    assert.equal(new Set(rowsOf<Candidate>(out).map(nameOf)).size, 20);
    assert.equal(server.seen.length, 20);
    await here.refuse(sample(), /--model-name: expected the name of a model with --server, got none/);
    await here.refuse(
      [
        "annotate",
        "--candidates",
        out,
        "--questions",
        questions,
        "--annotator",
        "anah",
        "--server",
        server.url,
        "--model-name",
        "m",
        "--out",
        path.join(dir, "a.jsonl"),
      ],
      /--documents: expected a JSONL file of rows \{questionId or topic, document\}/,
    );
    await here.refuse(
      [
        "annotate",
        "--candidates",
        out,
        "--questions",
        questions,
        "--server",
        server.url,
        "--out",
        path.join(dir, "a.jsonl"),
      ],
      /--annotator: expected anah \| .+ with --server, got oracle/,
    );
    await here.refuse(
      ["sample", "--questions", questions, "--out", out, "--shard", "1/2"],
      /--shard: expected a server with this option, got no --server/,
    );
    const usage = await here.run(sample("--model-name", "m", "--model", "somewhere"));
    assert.match(usage.stderr, /'--server <url>' cannot be used with option '--model <dir>'/);
  },
);

test("annotate with a language model, then its agreement with the labels given", { timeout: 120_000 }, async (t) => {
  const dir = scratch(t),
    at = (name: string) => path.join(dir, name),
    questions = writeQuestions(at("questions.jsonl"), 4);
  const sentences = (wrong: number) => [
    { start: 0, end: 8, verdict: "supported" as const },
    { start: 9, end: 17, verdict: wrong ? ("contradictory" as const) : ("no-fact" as const) },
  ];
  writeJsonl(
    at("human.jsonl"),
    [0, 1, 2, 3].map((i): AnnotatedCandidate => ({
      questionId: `q${i}`,
      index: 0,
      completion: "It is so It is no",
      seed: 0,
      sentences: sentences(i % 2),
    })),
  );
  writeJsonl(
    at("documents.jsonl"),
    [0, 1, 2, 3].map((i) => ({ topic: `t${i}`, document: "It is so." })),
  );
  const server = await fakeServer(t, (response, seen) => {
    const turn = seen.body.messages!.length,
      second = seen.body.messages![0]!.content.includes("It is no");
    send(
      response,
      completion(
        seen,
        turn === 1 ? "<Facts Present>" : turn === 3 ? "It is so." : second ? "<Contradictory>" : "<No Hallucination>",
      ),
    );
  });
  const annotate = [
    "annotate",
    "--candidates",
    at("human.jsonl"),
    "--questions",
    questions,
    "--annotator",
    "anah",
    "--documents",
    at("documents.jsonl"),
    "--server",
    server.url,
    "--model-name",
    "m",
    "--out",
    at("judged.jsonl"),
  ];
  assert.match(
    await here.succeed(annotate),
    /^4 annotated candidates in .+: 4 supported, 4 contradictory, 0 unverifiable, 0 no fact \(0 of them because no reply could be parsed\); 24 calls, 0 from the cache, 0 replies of no use; in all 168 prompt \+ 72 completion tokens\n$/,
  );
  assert.deepEqual(rowsOf<AnnotatedCandidate>(at("judged.jsonl"))[1]!.sentences, sentences(1));
  const table = await succeed([
    "agreement",
    "--human",
    at("human.jsonl"),
    "--annotated",
    at("judged.jsonl"),
    "--questions",
    questions,
  ]);
  assert.match(
    table,
    /8 sentences of 4 topics[\s\S]+hallucination or not +75\.0 \[.+0\.500 \[[\s\S]+no fact +0 +2 +0 +0/,
  );
});

const python = process.env.MASK_DPO_PYTHON ?? "python3";
const serving = ["torch", "transformers", "fastapi", "uvicorn", "openai"];
const missing = spawnSync(
  python,
  ["-c", `import importlib.util as u; print(*[m for m in ${JSON.stringify(serving)} if not u.find_spec(m)])`],
  { encoding: "utf8", timeout: 60_000 },
);
const base = path.join(projectRoot, "data/atlas/base");
const skip = !existsSync(base)
  ? "data/atlas/base is not there"
  : missing.status !== 0
    ? `no Python (MASK_DPO_PYTHON=${python})`
    : missing.stdout.trim()
      ? `${python} lacks ${missing.stdout.trim().split(" ").join(", ")}: pip install "transformers[serving]" torch, or name another in MASK_DPO_PYTHON`
      : false;

test(
  "a real server: `transformers serve` gives greedily what our own sampler gives",
  { timeout: 240_000, skip },
  async (t) => {
    const dir = scratch(t),
      at = (name: string) => path.join(dir, name);
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
