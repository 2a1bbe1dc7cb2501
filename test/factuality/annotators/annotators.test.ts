/**
 * The annotators' protocols with a scripted model: against the official code's own transcripts
 * (test/golden/annotators.json), and their rules.
 */
import assert from "node:assert/strict";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { sha256 } from "../../../lib/base/hash";
import { writeJsonl } from "../../../lib/base/jsonl";
import { readShards, ShardedLog, wholeShard } from "../../../lib/base/shardedLog";
import { annotateCandidates } from "../../../lib/factuality/annotator";
import { anahAnnotator, readDocuments } from "../../../lib/factuality/annotators/anah";
import type { AnahLanguage } from "../../../lib/factuality/annotators/anahPrompts";
import { parseFacts } from "../../../lib/factuality/annotators/atomicFacts";
import { bm25 } from "../../../lib/factuality/knowledge/bm25";
import {
  factScoreAnnotator,
  trueOrFalse,
  validationPrompt,
} from "../../../lib/factuality/annotators/factScoreAnnotator";
import { callLog, callSchema, Judge, labelIn } from "../../../lib/factuality/annotators/judge";
import { Knowledge, type Passage } from "../../../lib/factuality/knowledge/knowledge";
import {
  annotateServed,
  annotationReport,
  judgedLog,
  judgedSchema,
} from "../../../lib/factuality/annotators/llmAnnotator";
import {
  agree,
  answerPrompt,
  parseQuestion,
  questionPrompt,
  selfConsistencyAnnotator,
} from "../../../lib/factuality/annotators/selfConsistency";
import type { Question } from "../../../lib/factuality/records";
import type { Message } from "../../../lib/text/message";
import { scratch, userError, inOrder } from "../../golden/fixtures";
import { readGolden } from "../../golden/golden";
import { clientFor, completion, fakeServer, send, type FakeServer, type Seen } from "../../server/fake";

interface Golden {
  anah: {
    question: string;
    document: string;
    sentence: string;
    cases: { language: AnahLanguage; replies: string[]; turns: [string, string][][]; label: string }[];
  };
  factscore: {
    topic: string;
    cases: { passages: Passage[]; fact: string; reply: string; prompt: string; supported: boolean }[];
  };
  bm25: { documents: string[][]; queries: string[][]; scores: number[][] };
}
const golden = readGolden<Golden>("annotators.json");
const ask = (content: string): Question => ({
  id: "q",
  topic: "Graz",
  prompt: [
    { role: "system", content: "Be brief." },
    { role: "user", content },
  ],
});

/** A judge behind which `say` speaks; a new one on the same folder finds the earlier replies. */
async function scripted(
  t: TestContext,
  say: (seen: Seen, n: number) => string,
  tries = 2,
  dir = scratch(t),
): Promise<{ judge: Judge; server: FakeServer; client: ReturnType<typeof clientFor>; dir: string; close: () => void }> {
  const server = await fakeServer(t, (response, seen, n) => send(response, completion(seen, say(seen, n))));
  const client = clientFor(server);
  const log = new ShardedLog(dir, callLog, wholeShard, callSchema);
  return { judge: new Judge(client, log, { seed: 10, tries }), server, client, dir, close: () => log.close() };
}
const said = ({ body }: Seen): string => body.messages!.at(-1)!.content;

test("ANAH-v2: turn for turn what the official code asks, and its labels", async (t) => {
  const { question, document, sentence, cases } = golden.anah;
  const verdictOf: Record<string, string> = {
    ok: "supported",
    nofact: "no-fact",
    contradictory: "contradictory",
    unverifiable: "unverifiable",
  };
  for (const { language, replies, turns, label } of cases) {
    const { judge, server, close } = await scripted(t, (_, n) => replies[n]!);
    const annotator = anahAnnotator(judge, new Map([["q", { document, language }]]));
    const [judged] = await annotator.judge(ask(question), sentence, [{ start: 0, end: sentence.length }]);
    assert.deepEqual(judged, { start: 0, end: sentence.length, verdict: verdictOf[label] }, replies.join(" "));
    assert.deepEqual(
      server.seen.map(({ body }) => body.messages!.map(({ role, content }) => [role, sha256(content)])),
      turns,
    );
    for (const { body } of server.seen)
      assert.deepEqual([body.temperature, body.top_k, body.max_tokens], [0, undefined, 512]);
    close();
  }
});

test("a reply that cannot be parsed is asked for again, warm, with another seed; then: unverifiable", async (t) => {
  const vague = [
    "I think there are facts.",
    "<Facts Present>",
    "Some text.",
    "<No Hallucination> or <Contradictory>?",
    "hard to say",
  ];
  const { judge, server, close } = await scripted(t, (_, n) => vague[n]!);
  const annotator = anahAnnotator(judge, new Map([["q", { document: "d", language: "en" }]]));
  assert.deepEqual(await annotator.judge(ask("?"), "It is so.", [{ start: 0, end: 9 }]), [
    { start: 0, end: 9, verdict: "unverifiable", unparsed: true },
  ]);
  assert.deepEqual(
    server.seen.map(({ body }) => [body.messages!.length, body.temperature, body.seed]),
    [
      [1, 0, 10],
      [1, 0.7, 11],
      [3, 0, 10],
      [5, 0, 10],
      [5, 0.7, 11],
    ],
  );
  assert.deepEqual(judge.counts, { calls: 5, cached: 0, unparsed: 3, gaveUp: 1 });
  close();
});

test("replies are kept by content: asked once, also side by side, and never again", async (t) => {
  const first = await scripted(t, () => "same");
  const prompt: Message[] = [{ role: "user", content: "x" }];
  assert.deepEqual(
    await Promise.all([
      first.judge.reply(prompt, 0, 0),
      first.judge.reply(prompt, 0, 0),
      first.judge.reply(prompt, 0, 1),
    ]),
    ["same", "same", "same"],
  );
  assert.equal(first.server.seen.length, 2);
  first.close();
  const second = await scripted(t, () => "other", 2, first.dir);
  assert.deepEqual([await second.judge.reply(prompt, 0, 0), await second.judge.reply(prompt, 1, 0)], ["same", "other"]);
  assert.deepEqual([second.server.seen.length, second.judge.counts.cached], [1, 1]);
  second.close();
});

test("labels: one and only one counts", () => {
  const labels = { nohallucination: 1, contradictory: 2 };
  const cases: [string, number | undefined][] = [
    ["<No Hallucination>", 1],
    ["< no  hallucination >\n", 1],
    ["The type is: Contradictory.", 2],
    ["<No Hallucination>, not <Contradictory>", undefined],
    ["", undefined],
    ["Hallucination", undefined],
    ["x".repeat(1e5), undefined],
  ];
  for (const [text, expected] of cases) assert.equal(labelIn(text, labels), expected, text.slice(0, 40));
  assert.deepEqual(
    ["True", " true.\n", "False, since …", "It is true, not false", "untrue", "", "Yes"].map(trueOrFalse),
    [true, true, false, undefined, undefined, undefined, undefined],
  );
  assert.deepEqual(parseFacts("Sure:\n- A is B.\n * C.\n2) D.\n- A is B.\n"), ["A is B.", "C.", "D."]);
  assert.deepEqual(parseFacts("- This sentence does not contain any facts"), []);
  assert.deepEqual([parseFacts("No facts."), parseFacts(""), parseFacts("-\n- ")], [undefined, undefined, undefined]);
  assert.deepEqual(parseQuestion("Question: Who?\nAnswer:  Ann \n"), { question: "Who?", answer: "Ann" });
  for (const text of [
    "Question: Who?",
    "Answer: Ann",
    "Question: a\nQuestion: b\nAnswer: c",
    "Question: a\nAnswer: .",
    "Question:\nAnswer: x",
  ])
    assert.equal(parseQuestion(text), undefined, text);
  const alike: [string, string, boolean][] = [
    ["The Mur.", "mur", true],
    ["It is on the river Mur", "Mur", true],
    ["Murau", "Mur", false],
    ["", "Mur", false],
    ["?!", "Mur", false],
    ["17 July 1977", "1977", true],
    ["São Paulo", "são paulo", true],
  ];
  for (const [a, b, expected] of alike) assert.equal(agree(a, b), expected, `${a} | ${b}`);
});

test("FActScore: the official validation prompt and decisions", () => {
  const { topic, cases } = golden.factscore;
  for (const { passages, fact, reply, prompt, supported } of cases) {
    assert.equal(sha256(validationPrompt(topic, passages, fact)), prompt);
    assert.equal(trueOrFalse(reply), supported);
  }
});

test("FActScore: facts, then true or false; one unsupported makes a hallucination, no facts are no-fact", async (t) => {
  const facts: Record<string, string> = {
    "Graz lies on the Mur and the Rhine.": "- Graz lies on the Mur.\n- Graz lies on the Rhine.",
    "It has trams.": "- Graz has trams.",
    "I hope it helps!": "- This sentence does not contain any facts.",
    "Odd.": "Odd indeed.",
    "Graz is vague.": "- Graz is vague.\n- Graz has trams.",
  };
  const completionText = Object.keys(facts).join(" ");
  const { judge, server, close } = await scripted(t, (seen) => {
    const last = said(seen);
    const fact = /Input: (.+) True or False\?\nOutput:$/.exec(last)?.[1];
    if (fact) return fact.includes("vague") ? "Perhaps" : fact.includes("Rhine") ? "False" : "True";
    return facts[/independent facts: (.+)\n$/.exec(last)![1]!.split("independent facts: ").at(-1)!]!;
  });
  const annotator = factScoreAnnotator(judge, { passages: (title) => [{ title, text: "Graz lies on the Mur." }] });
  const sentences = await annotator.judge(
    ask("?"),
    completionText,
    Object.keys(facts).map((text) => ({
      start: completionText.indexOf(text),
      end: completionText.indexOf(text) + text.length,
    })),
  );
  assert.deepEqual(
    sentences.map(({ verdict, facts: found, unparsed }) => [
      verdict,
      found?.map(({ label }) => label).join(" "),
      unparsed,
    ]),
    [
      ["unverifiable", "S NS", undefined],
      ["supported", "S", undefined],
      ["no-fact", "", undefined],
      ["unverifiable", undefined, true],
      ["unverifiable", "S", true],
    ],
  );
  assert.equal(
    server.seen.filter((seen) => said(seen).includes("Graz has trams.") && said(seen).includes("True or False")).length,
    1,
    "the same fact is put once",
  );
  assert.match(
    said(server.seen[0]!),
    inOrder(
      /^Please breakdown the following sentence into independent facts: Graz, which /,
      /[\s\S]+\n- Graz is in Austria\.\n[\s\S]+facts: Graz lies on the Mur and the Rhine\.\n$/,
    ),
  );
  close();
});

test("self-consistency: the share of answers that agree with the fact decides", async (t) => {
  const { judge, server, close } = await scripted(t, (seen) => {
    const last = said(seen);
    if (last.startsWith("Please")) return "- Graz lies on the Mur.\n- Graz was founded in 1128.";
    if (last.startsWith("Turn"))
      return last.endsWith("Mur.") ? "Question: On which river?\nAnswer: the Mur" : "Question: When?\nAnswer: 1128";
    return last === answerPrompt("On which river?")
      ? seen.body.seed % 4 === 0
        ? "Danube"
        : "Mur."
      : seen.body.seed % 4 === 0
        ? "1128"
        : "I do not know";
  });
  const annotator = selfConsistencyAnnotator(judge, judge, 8);
  const text = "It lies on the Mur.";
  const [row] = await annotateCandidates(
    [{ questionId: "q", index: 0, completion: text, seed: 0 }],
    [ask("?")],
    annotator,
  );
  assert.deepEqual(row!.sentences, [{ start: 0, end: text.length, verdict: "unverifiable" }]);
  assert.deepEqual((await annotator.judge(ask("?"), text, [{ start: 0, end: text.length }]))[0]!.facts, [
    { text: "Graz lies on the Mur.", label: "S", confidence: 0.75 },
    { text: "Graz was founded in 1128.", label: "NS", confidence: 0.25 },
  ]);
  const answers = server.seen.filter((seen) => said(seen).startsWith("Answer"));
  assert.equal(answers.length, 16);
  assert.deepEqual(new Set(answers.map(({ body }) => body.temperature)), new Set([1]));
  assert.deepEqual(
    answers.map(({ body }) => body.seed).sort(),
    Array.from({ length: 16 }, (_, i) => 10 + (i >> 1)),
  );
  assert.equal(said(server.seen[1]!), questionPrompt("Graz", "Graz lies on the Mur."));
  close();
});

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
    userError(/question "x": expected one of the 1 questions/),
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

test("BM25 is rank_bm25's", () => {
  const { documents, queries, scores } = golden.bm25;
  queries.forEach((query, i) =>
    bm25(query, documents).forEach((score, d) =>
      assert.ok(Math.abs(score - scores[i]![d]!) < 1e-12, `query ${i}, document ${d}: ${score} vs ${scores[i]![d]}`),
    ),
  );
});

test("knowledge: passages of the topic's article, the nearest first; documents for every question", async (t) => {
  const dir = scratch(t);
  const file = path.join(dir, "k.jsonl");
  const filler = (word: string): string => Array.from({ length: 180 }, () => word).join(" ");
  writeJsonl(file, [
    { title: "Wien", text: "x" },
    { title: "Graz", text: [filler("alpha"), filler("tram"), "The clock tower."] },
    { title: "Graz", text: "a second article is not read" },
  ]);
  const knowledge = await Knowledge.read(file, new Set(["Graz"]));
  assert.deepEqual(
    knowledge.passages("Graz", "It has a clock tower.").map(({ text }) => text.slice(0, 9)),
    ["The clock", "alpha alp", "tram tram"],
  );
  await assert.rejects(
    Knowledge.read(file, new Set(["Graz", "Linz"])),
    userError(/k\.jsonl: expected an article for every topic.+, got none for 1 of 2 \("Linz"\)/),
  );
  await assert.rejects(
    Knowledge.read(path.join(dir, "none"), new Set()),
    userError(/none: expected a readable file, got ENOENT/),
  );
  writeJsonl(file, [{ title: "Wien" }]);
  await assert.rejects(Knowledge.read(file, new Set()), userError(/k\.jsonl:1: expected a valid "text"/));

  const questions = [ask("?"), { ...ask("?"), id: "r" }];
  writeJsonl(file, [
    { topic: "Graz", document: "of the topic" },
    { questionId: "r", document: "of r", language: "zh" },
  ]);
  assert.deepEqual(
    [...readDocuments(file, questions)],
    [
      ["q", { document: "of the topic", language: "en" }],
      ["r", { document: "of r", language: "zh" }],
    ],
  );
  writeJsonl(file, [
    { questionId: "r", document: "d" },
    { questionId: "r", document: "d" },
  ]);
  assert.throws(
    () => readDocuments(file, questions),
    userError(/k\.jsonl:2: expected one document for each questionId, got a second one for "r"/),
  );
  writeJsonl(file, [{ questionId: "r", document: "d" }]);
  assert.throws(() => readDocuments(file, questions), userError(/got none for 1 of 2 \("q"\)/));
  writeJsonl(file, [{ questionId: "r", topic: "Graz", document: "d" }]);
  assert.throws(() => readDocuments(file, questions), userError(/expected questionId or topic/));
});
