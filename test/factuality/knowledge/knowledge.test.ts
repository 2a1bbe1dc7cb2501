/**
 * FActScore's SQLite database as knowledge, against what the official code finds in it (test/golden/knowledge); hostile
 * titles, damaged and other databases.
 */
import assert from "node:assert/strict";
import fs from "node:fs";
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { UserError } from "../../../lib/base/check";
import { sha256 } from "../../../lib/base/hash";
import { writeJsonl } from "../../../lib/base/jsonl";
import { Rng } from "../../../lib/base/rng";
import { ShardedLog, wholeShard } from "../../../lib/base/shardedLog";
import { factScoreAnnotator, validationPrompt } from "../../../lib/factuality/annotators/factScoreAnnotator";
import { callLog, callSchema, Judge } from "../../../lib/factuality/annotators/judge";
import { databaseArticles } from "../../../lib/factuality/knowledge/documentDb";
import { Knowledge } from "../../../lib/factuality/knowledge/knowledge";
import { scratch, userError, inOrder } from "../../golden/fixtures";
import { clientFor, completion, fakeServer, send } from "../../server/fake";
import { articles, prompts, file, bytes, passagesOf, ranked, ownTmp, made } from "./databases";

test("a database's articles are those that the official code finds, also of hostile titles (quotes, NULs)", (t) => {
  const tmp = ownTmp(t);
  assert.deepEqual([...databaseArticles(file, passagesOf.keys())], articles);
  const none = [
    "",
    "A",
    "Graz",
    "graz ",
    "a\0b\0",
    "' OR 1=1 --",
    "x'); DROP TABLE documents; --",
    "?",
    "filler%",
    "\ud83d",
    "null",
    "l".repeat(1e5),
  ];
  assert.deepEqual([...databaseArticles(file, none)], []);
  assert.deepEqual(
    [...databaseArticles(file, ["empty", "blank"])].map(({ passages }) => passages),
    [[], []],
  );
  assert.deepEqual(readFileSync(file), bytes);
  assert.deepEqual(readdirSync(tmp), []);
});

test("the nearest passages and the prompts are the official code's", async () => {
  const knowledge = await Knowledge.read(file, ranked);
  for (const { topic, fact, nearest, prompt } of prompts) {
    const found = knowledge.passages(topic, fact);
    assert.deepEqual(
      found,
      nearest.map((i) => ({ title: topic, text: passagesOf.get(topic)![i]! })),
    );
    assert.equal(sha256(validationPrompt(topic, found, fact)), prompt);
  }
});

test("a file is known by its first bytes; the same articles as rows give the same requests and verdicts", async (t) => {
  const dir = scratch(t);
  const rows = path.join(dir, "rows.db");
  const database = path.join(dir, "database.jsonl");
  writeJsonl(
    rows,
    articles.filter(({ title }) => ranked.has(title)).map(({ title, passages }) => ({ title, text: passages })),
  );
  copyFileSync(file, database);
  const outcomes = [];
  for (const source of [database, rows]) {
    const knowledge = await Knowledge.read(source, ranked);
    const log = new ShardedLog(scratch(t), callLog, wholeShard, callSchema);
    const server = await fakeServer(t, (response, seen) => {
      const last = seen.body.messages!.at(-1)!.content;
      const text = last.endsWith("Output:")
        ? sha256(last) < "8"
          ? "True"
          : "False"
        : prompts.map(({ fact }) => `- ${fact}`).join("\n");
      send(response, completion(seen, text));
    });
    const annotator = factScoreAnnotator(new Judge(clientFor(server), log, { seed: 1, tries: 1 }), knowledge);
    const judged = [];
    for (const topic of ranked)
      judged.push(
        await annotator.judge({ id: topic, topic, prompt: [{ role: "user", content: "?" }] }, "It is so.", [
          { start: 0, end: 9 },
        ]),
      );
    log.close();
    outcomes.push({
      hash: knowledge.hash,
      judged,
      asked: server.seen.map(({ body }) => sha256(JSON.stringify(body))).sort(),
    });
  }
  assert.deepEqual(outcomes[0], outcomes[1]);
  const labels = outcomes[0]!.judged.flat().flatMap(({ facts }) => facts!.map(({ label }) => label));
  assert.deepEqual(new Set(labels), new Set(["S", "NS"]), "replies differ with the passages");
});

test("the hash is of the articles asked for and of nothing else", async (t) => {
  const one = new Set(["Graz"]);
  const hashOf = async (rows: object[]): Promise<string> => {
    const name = path.join(scratch(t), "k.jsonl");
    writeJsonl(name, rows);
    return (await Knowledge.read(name, one)).hash;
  };
  const hash = await hashOf([{ title: "Graz", text: "a b" }]);
  assert.equal(
    await hashOf([
      { title: "Linz", text: "c" },
      { title: "Graz", text: ["a", "b"] },
    ]),
    hash,
  );
  assert.notEqual(await hashOf([{ title: "Graz", text: "a c" }]), hash);
  const database = made(
    t,
    "CREATE TABLE documents (title PRIMARY KEY, text); INSERT INTO documents VALUES ('Graz', '<s>a b</s>')",
  );
  assert.equal((await Knowledge.read(database, one)).hash, hash);
});

test("what is no such database is refused, and nothing is left behind", async (t) => {
  const dir = scratch(t);
  const one = new Set(["a"]);
  const named = (name: string, content: Uint8Array): string => {
    writeFileSync(path.join(dir, name), content);
    return path.join(dir, name);
  };
  const documents = (columns: string): string => made(t, `CREATE TABLE documents (${columns})`);
  const wal = Buffer.from(bytes).fill(2, 18, 20);
  const torn = named("torn.db", bytes);
  writeFileSync(`${torn}-journal`, "");
  const cases: [string, RegExp][] = [
    [made(t, "CREATE TABLE articles (title PRIMARY KEY, text)"), /no such table: documents/],
    [documents("title PRIMARY KEY, body"), /no such column: text/],
    [documents("name PRIMARY KEY, text"), /no such column: title/],
    [named("wal.db", wal), /unable to open database file/],
    [torn, /one whose writing has not ended/],
    [named("magic.db", bytes.subarray(0, 16)), /./],
    [named("half.db", bytes.subarray(0, 20 * 512)), /malformed/],
    [named("cut.db", bytes.subarray(0, -1)), /23039 bytes, no whole number of pages of 512/],
  ];
  const tmp = ownTmp(t);
  const empty = named("empty.db", Buffer.alloc(0));
  const short = named("short.db", bytes.subarray(0, 14));
  for (const [name, got] of cases)
    await assert.rejects(
      Knowledge.read(name, one),
      userError(
        inOrder(
          new RegExp(`^${name}: `),
          /expected an SQLite database with a table documents \(title, text\), as FActScore's, got .*/,
          got,
          /.*\. Check that the file is whole; /,
        ),
      ),
    );
  await assert.rejects(
    Knowledge.read(file, new Set(["graz", "Graz", "null", "empty", "blank"])),
    userError(/documents\.db: expected an article for every topic.+got none for 4 of 5 \("Graz", "null", "empty", …\)/),
  );
  await assert.rejects(
    Knowledge.read(dir, one),
    userError(/expected a readable file, got a folder. Name a file in it/),
  );
  await assert.rejects(Knowledge.read(empty, one), userError(/expected an article for every topic/));
  await assert.rejects(Knowledge.read(short, one), userError(/short\.db:1: expected one JSON value/));
  assert.deepEqual(readdirSync(tmp), []);
});

test("where no link can be made, that is said and not that the database is bad", async (t) => {
  const tmp = ownTmp(t);
  const mocked = t.mock.method(fs, "symlinkSync", () => {
    throw new Error("EPERM: operation not permitted");
  });
  await assert.rejects(
    Knowledge.read(file, ranked),
    userError(
      new RegExp(
        `^${tmp}: expected a folder in which a symbolic link to the database can be made, got EPERM: .+developer mode`,
      ),
    ),
  );
  assert.deepEqual(readdirSync(tmp), []);
  mocked.mock.restore();
  process.env["TMPDIR"] = path.join(tmp, "none");
  await assert.rejects(
    Knowledge.read(file, ranked),
    userError(/none: expected a folder in which a symbolic link .+, got ENOENT: .+\. Name another in TMPDIR/),
  );
});

test("a database cut short anywhere is refused; one with any byte changed is refused or read", async (t) => {
  const name = path.join(scratch(t), "spoilt.db");
  const rng = new Rng("spoilt database");
  const read = async (content: Uint8Array): Promise<boolean> => {
    writeFileSync(name, content);
    return Knowledge.read(name, ranked).then(
      () => true,
      (error) => {
        assert.ok(error instanceof UserError, String(error));
        return false;
      },
    );
  };
  for (let length = bytes.length - 256; length > 0; length -= 256)
    assert.equal(await read(bytes.subarray(0, length)), false, `${length} bytes`);
  let refused = 0;
  for (let i = 0; i < 200; i++) {
    const spoilt = Buffer.from(bytes);
    spoilt[rng.int(i % 2 ? 120 : spoilt.length)] = rng.int(256);
    if (!(await read(spoilt))) refused++;
  }
  assert.ok(refused > 10 && refused < 190, `${refused} of 200 refused`);
});

test("many read at once, beside locks that others hold or left, and the folder stays as it is", (t) => {
  const dir = path.join(scratch(t), "shared");
  const copy = path.join(dir, "documents.db");
  cpSync(path.dirname(file), dir, { recursive: true });
  mkdirSync(`${copy}.lock`); // as a killed reader would leave it
  const before = readdirSync(dir);
  const first = databaseArticles(copy, ["graz", "linz"]);
  const second = databaseArticles(copy, ["graz", "linz"]);
  for (let i = 0; i < 2; i++) assert.deepEqual(first.next().value, second.next().value);
  assert.deepEqual(readdirSync(dir), before);
  first.return(undefined);
  assert.ok(second.next().done);
});
