/**
 * `sample` and `annotate` with a server, as a user runs them: killed, interrupted, shared out, paid for; and a real
 * server.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import type { Candidate } from "../../lib/factuality/records";
import type { Served } from "../../lib/preference/serverSample";
import { scratch } from "../golden/fixtures";
import { completion, fakeServer, good, send, type Seen } from "../server/fake";
import { writeQuestions } from "./data";
import * as here from "./here";
import { filesBelow, linesOf, rowsOf, run, start, succeed, until } from "./process";

const textOf = ({ body }: Seen): string => `${body.messages![0]!.content} ${body.seed}`;
const nameOf = ({ questionId, index }: Pick<Candidate, "questionId" | "index">): string => `${index} ${questionId}`;

test(
  "sample, killed in the middle of a row and interrupted, asks for nothing twice that is on disk",
  { timeout: 120_000 },
  async (t) => {
    const dir = scratch(t);
    const questions = writeQuestions(path.join(dir, "questions.jsonl"), 12);
    const out = path.join(dir, "out.jsonl");
    const calm = path.join(dir, "calm.jsonl");
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

    const second = server.seen.length;
    const running = start(sample(out), env);
    await until(() => linesOf(served) >= 20, running);
    running.child.kill("SIGINT");
    const { code, stderr } = await running.ended;
    assert.equal(code, 130, stderr);
    assert.deepEqual(
      asked(second).filter((text) => kept.includes(text)),
      [],
    );
    assert.ok(!existsSync(out), "not written before everything is there");

    const third = server.seen.length;
    const done = rowsOf<Served>(served).map((row) => row.completion);
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
    const dir = scratch(t);
    const questions = writeQuestions(path.join(dir, "questions.jsonl"), 10);
    const out = path.join(dir, "out.jsonl");
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
