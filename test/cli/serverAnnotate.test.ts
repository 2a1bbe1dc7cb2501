/** Annotation by a language model on a server, and its agreement with given labels. */
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { writeJsonl } from "../../lib/base/jsonl";
import type { AnnotatedCandidate } from "../../lib/factuality/records";
import { scratch, inOrder } from "../golden/fixtures";
import { completion, fakeServer, send } from "../server/fake";
import { writeQuestions } from "./data";
import * as here from "./here";
import { rowsOf, succeed } from "./process";

test("annotate with a language model, then its agreement with the labels given", { timeout: 120_000 }, async (t) => {
  const dir = scratch(t);
  const at = (name: string) => path.join(dir, name);
  const questions = writeQuestions(at("questions.jsonl"), 4);
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
    const turn = seen.body.messages!.length;
    const second = seen.body.messages![0]!.content.includes("It is no");
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
    inOrder(
      /^4 annotated candidates in .+: 4 supported, 4 contradictory, 0 unverifiable, 0 no fact /,
      /\(0 of them because no reply could be parsed\); 24 calls, 0 from the cache, 0 replies of no use; /,
      /in all 168 prompt \+ 72 completion tokens\n$/,
    ),
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
