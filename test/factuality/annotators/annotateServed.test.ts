/** A run of an annotator on a server. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readShards, ShardedLog, wholeShard } from "../../../lib/base/shardedLog";
import { anahAnnotator } from "../../../lib/factuality/annotators/anah";
import { callLog, callSchema, Judge } from "../../../lib/factuality/annotators/judge";
import {
  annotateServed,
  annotationReport,
  judgedLog,
  judgedSchema,
} from "../../../lib/factuality/annotators/llmAnnotator";
import { scratch, userError } from "../../golden/fixtures";
import { clientFor, completion, fakeServer, send } from "../../server/fake";
import { ask, scripted, said } from "./scripted";

test("a run of an annotator: resumes, keeps given sentences, counts", async (t) => {
  const { judge, server, client, dir, close } = await scripted(t, (seen) =>
    said(seen).includes("hope")
      ? "<No Facts>"
      : said(seen).includes("mumble")
        ? "??"
        : seen.body.messages!.length === 1
          ? "<Facts Present>"
          : "<No Reference Information>",
  );
  const annotator = anahAnnotator(judge, new Map([["q", { document: "d", language: "en" }]]));
  const rows = [
    { questionId: "q", index: 0, completion: "It is old. I hope so. mumble.", seed: 0 },
    {
      questionId: "q",
      index: 1,
      completion: "It is old. It is big.",
      seed: 0,
      sentences: [{ start: 0, end: 21, verdict: "supported" as const }],
    },
    { questionId: "q", index: 2, completion: "", seed: 0 },
  ];
  await annotateServed(client, annotator, dir, rows.slice(0, 1), [ask("?")], wholeShard);
  const before = server.seen.length;
  await annotateServed(client, annotator, dir, rows, [ask("?")], wholeShard);
  assert.equal(server.seen.length - before, 2, "two turns for the one new sentence");
  const judged = readShards(dir, judgedLog, judgedSchema).sort((a, b) => a.index - b.index);
  assert.deepEqual(
    judged.map(({ index, sentences }) => [
      index,
      ...sentences.map(({ start, end, verdict }) => `${start}-${end} ${verdict}`),
    ]),
    [[0, "0-10 unverifiable", "11-21 no-fact", "22-29 unverifiable"], [1, "0-21 unverifiable"], [2]],
  );
  assert.deepEqual(annotationReport(judged), {
    candidates: 3,
    sentences: { supported: 0, contradictory: 0, unverifiable: 3, "no-fact": 1 },
    unparsed: 1,
    facts: { S: 0, NS: 0, IR: 0 },
  });
  await assert.rejects(
    annotateServed(client, annotator, dir, [{ ...rows[0]!, questionId: "x" }], [ask("?")], wholeShard),
    userError(/question "x": expected a question of --questions/),
  );
  close();
});

test("a sentence without a reply fails its candidate only after the others' replies are kept", async (t) => {
  const dir = scratch(t);
  const log = new ShardedLog(dir, callLog, wholeShard, callSchema);
  const server = await fakeServer(t, (response, seen) =>
    said(seen).includes("Bad.")
      ? send(response, "too long", 400)
      : void setTimeout(() => send(response, completion(seen, "<No Facts>")), 150),
  );
  const client = clientFor(server);
  const annotator = anahAnnotator(
    new Judge(client, log, { seed: 1, tries: 1 }),
    new Map([["q", { document: "d", language: "en" }]]),
  );
  await assert.rejects(
    annotateServed(
      client,
      annotator,
      dir,
      [{ questionId: "q", index: 0, completion: "Bad. Good.", seed: 0 }],
      [ask("?")],
      wholeShard,
    ),
    userError(/got none for 1 \(the first: HTTP 400/),
  );
  log.close();
  assert.equal(readShards(dir, callLog, callSchema).length, 1);
  assert.equal(readShards(dir, judgedLog, judgedSchema).length, 0);
});
