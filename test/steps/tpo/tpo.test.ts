/** TPO against a scripted server: what is asked with which answers, what is returned, and that it goes on. */
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { readJsonl, writeJsonl } from "../../../lib/base/jsonl";
import { annotatedCandidateSchema } from "../../../lib/factuality/records";
import { wholeShard } from "../../../lib/base/shardedLog";
import { serverDefaults } from "../../../lib/steps/server";
import { tpoVerb, type TpoFlags } from "../../../lib/steps/tpo/tpo";
import { loadAtlas } from "../../../lib/world/atlas";
import { scratch } from "../../golden/fixtures";
import { succeed, refuse } from "../../cli/here";
import { completion, fakeServer, send, type Seen } from "../../server/fake";

const atlas = loadAtlas();
const questions = atlas.splits.test.filter(({ id }) => id.endsWith(":nation")).slice(0, 2);
const sampling = { temperature: 0.7, topK: 0, topP: 0.95, maxNewTokens: 64 };
const textOf = ({ body }: Seen): string => body.messages!.at(-1)!.content;
const questionIn = (text: string) => questions.find(({ prompt }) => text.includes(prompt[0]!.content))!;
const country = (text: string): string => atlas.topic(questionIn(text).topic).country.name;

/** First answers are wrong, or half right; after advice all of it is right. */
function scripted(seen: Seen, n: number): string {
  const text = textOf(seen);
  if (text.startsWith("Here is a question with two answers")) return "The country is right, the code is wrong.";
  if (/and a critique\./.test(text)) return "Drop the code.";
  if (/and edits to make\./.test(text)) return `Its country is ${country(text)}.`;
  const half = `Its country is ${country(text)}. Its phone code is +0.`;
  return n % 2 === 0 ? half : "Its country is Atlantis.";
}

function flagsFor(url: string, dir: string, more: Partial<TpoFlags> = {}): TpoFlags {
  writeJsonl(path.join(dir, "questions.jsonl"), questions);
  const server = { server: url, modelName: "m", ...serverDefaults, concurrency: 1, shard: wholeShard, seed: 1 };
  const files = { questions: path.join(dir, "questions.jsonl"), out: path.join(dir, "out.jsonl") };
  return { ...server, ...files, annotator: "oracle", samples: 2, rounds: 1, sampling, ...more };
}

test("a round: best and worst are compared, the advice is followed, the best of all is returned", async (t) => {
  const dir = scratch(t);
  const server = await fakeServer(t, (response, seen, n) => send(response, completion(seen, scripted(seen, n))));
  const { text, table } = await tpoVerb(flagsFor(server.url, dir));
  assert.match(text, /^2 answers in .*out\.jsonl, all of them in .*; 84 prompt \+ 36 completion tokens$/);
  assert.equal(server.seen.length, 2 * (2 + 1 + 1 + 2));
  const [, , critique, edits, revision] = server.seen.map(textOf);
  const [first] = questions;
  const name = country(first!.prompt[0]!.content);
  assert.equal(server.seen[0]!.body.messages![0]!.content, first!.prompt[0]!.content);
  const half = `Its country is ${name}. Its phone code is +0.`;
  assert.ok(critique!.indexOf(half) < critique!.indexOf("Its country is Atlantis."), "the better one first");
  for (const own of [critique!, edits!, revision!])
    assert.ok(own.includes(first!.prompt[0]!.content) && own.includes(half));
  assert.ok(edits!.includes("The country is right, the code is wrong."));
  assert.ok(revision!.includes("Drop the code."));
  const seeds = server.seen.map(({ body }) => body.seed);
  assert.equal(new Set(seeds).size, seeds.length);
  assert.ok(server.seen.every(({ body }) => body.temperature === 0.7 && body.top_p === 0.95 && !("top_k" in body)));
  const rows = readJsonl(path.join(dir, "out.jsonl"), annotatedCandidateSchema);
  assert.deepEqual(
    rows.map(({ questionId, completion, sentences }) => [questionId, completion, sentences.map((s) => s.verdict)]),
    questions.map(({ id, prompt }) => [id, `Its country is ${country(prompt[0]!.content)}.`, ["supported"]]),
  );
  assert.deepEqual(
    table!.rows.map(({ round, samples, mean, best }) => [round, samples, mean, best]),
    [
      [0, 2, 25, 50],
      [1, 4, 100, 100],
    ],
  );
  const asked = server.seen.length;
  assert.deepEqual((await tpoVerb(flagsFor(server.url, dir))).table, table);
  assert.equal(server.seen.length, asked, "nothing is asked twice");
});

test("no rounds is best of N; the best never gets worse; a failure loses no question that is done", async (t) => {
  const dir = scratch(t);
  let broken = false;
  const server = await fakeServer(t, (response, seen, n) => {
    if (broken && questionIn(textOf(seen)) === questions[1]) return send(response, { error: "gone" }, 400);
    const revised = /and edits to make/.test(textOf(seen));
    send(response, completion(seen, revised ? "Its country is Atlantis." : scripted(seen, n)));
  });
  const plain = await tpoVerb(flagsFor(server.url, scratch(t), { rounds: 0 }));
  assert.deepEqual(
    plain.table!.rows.map(({ best }) => best),
    [50],
  );
  broken = true;
  await assert.rejects(tpoVerb(flagsFor(server.url, dir)), /for each of 2 questions|none for 1/);
  broken = false;
  const before = server.seen.length;
  const { table } = await tpoVerb(flagsFor(server.url, dir));
  assert.deepEqual(
    table!.rows.map(({ mean, best }) => [mean, best]),
    [
      [25, 50],
      [0, 50],
    ],
  );
  assert.ok(server.seen.slice(before).every((seen) => questionIn(textOf(seen)) === questions[1]));
});

test("the command: a table by round; a server that is not named is asked for", async (t) => {
  const dir = scratch(t);
  const server = await fakeServer(t, (response, seen, n) => send(response, completion(seen, scripted(seen, n))));
  const { questions: file, out } = flagsFor(server.url, dir);
  const command = ["tpo", "--questions", file, "--out", out, "--samples", "2", "--rounds", "1", "--concurrency", "1"];
  const said = await succeed([...command, "--server", server.url, "--model-name", "m"]);
  assert.match(said, /Round +Samples so far +Mean of the round +Best so far/);
  await refuse(command, /--server: expected the address of a server/);
});
