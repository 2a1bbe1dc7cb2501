/** Judges that think before they answer, answer nothing, or never answer as the protocol wants. */
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { readJsonl, writeJsonl } from "../../../lib/base/jsonl";
import { ShardedLog, wholeShard } from "../../../lib/base/shardedLog";
import { anahAnnotator } from "../../../lib/factuality/annotators/anah";
import { factScoreAnnotator } from "../../../lib/factuality/annotators/factScoreAnnotator";
import { callLog, callSchema, Judge } from "../../../lib/factuality/annotators/judge";
import { parseQuestion } from "../../../lib/factuality/annotators/selfConsistency";
import type { AnnotatedCandidate } from "../../../lib/factuality/records";
import { answerStart, withoutThought } from "../../../lib/text/thought";
import * as here from "../../cli/here";
import { rowsOf } from "../../cli/process";
import { scratch } from "../../golden/fixtures";
import { clientFor, completion, fakeServer, send, type Answer } from "../../server/fake";
import { ask, said, scripted } from "./scripted";

/** What each protocol is answered, and a thought that says all there is to be misread. */
function answerTo(last: string, turns: number): [thought: string, answer: string] {
  if (last.includes("breakdown the following sentence"))
    return ["It could be split:\n- Graz is a river.\n1. Graz is large.", "- Graz lies on the Mur."];
  if (last.includes("True or False?")) return ["True or false? Surely not False. It says so: True", "True"];
  if (turns === 1) return ["<No Facts> or <Facts Present>?", "<Facts Present>"];
  if (turns === 3) return ["No reference information? Let me see.", "Graz lies on the Mur."];
  return ["<Contradictory>? <Unverifiable>? No.", "<No Hallucination>"];
}

const wraps: Record<string, (thought: string, answer: string) => string> = {
  plain: (_, answer) => answer,
  "<think>": (thought, answer) => `<think>\n${thought}\n</think>\n\n${answer}`,
  "only closed": (thought, answer) => `${thought}\n</think>\n${answer}`,
  "[THINK]": (thought, answer) => `[THINK]${thought}[/THINK]${answer}`,
  "◁think▷": (thought, answer) => `◁think▷${thought}◁/think▷${answer}`,
  harmony: (thought, answer) =>
    `<|channel|>analysis<|message|>${thought}<|end|><|start|>assistant<|channel|>final<|message|>${answer}`,
};

for (const [name, wrap] of Object.entries(wraps))
  test(`${name}: the same verdict, and no fact of a thought`, async (t) => {
    const { judge, server, close } = await scripted(t, (seen) =>
      wrap(...answerTo(said(seen), seen.body.messages!.length)),
    );
    const spans = [{ start: 0, end: 21 }];
    const sentence = "Graz lies on the Mur.";
    const document = { document: "Graz lies on the Mur.", language: "en" as const };
    const anah = await anahAnnotator(judge, new Map([["q", document]])).judge(ask("?"), sentence, spans);
    assert.deepEqual(anah, [{ ...spans[0], verdict: "supported" }]);
    assert.deepEqual(
      server.seen[2]!.body.messages!.filter(({ role }) => role === "assistant").map(({ content }) => content),
      ["<Facts Present>", "Graz lies on the Mur."],
      "what was thought is not shown again",
    );
    const knowledge = { passages: (title: string) => [{ title, text: "Graz lies on the Mur." }] };
    const [judged] = await factScoreAnnotator(judge, knowledge).judge(ask("?"), sentence, spans);
    assert.deepEqual(judged!.facts, [{ text: "Graz lies on the Mur.", label: "S" }]);
    assert.equal(judge.counts.unparsed, 0);
    close();
  });

test("a thought that is not closed is no reply; one asked for again may be", async (t) => {
  const { judge, close } = await scripted(t, (_, n) => (n === 0 ? "<think>\nEither yes or" : "<think>no</think>yes"));
  assert.equal(await judge.ask([{ role: "user", content: "?" }], (text) => text || undefined), "yes");
  assert.deepEqual([judge.counts.unparsed, judge.counts.calls], [1, 2]);
  close();
});

test("where an answer begins", () => {
  const cases: [text: string, answer: string][] = [
    ["Yes.", "Yes."],
    ["  Yes.", "  Yes."],
    ["<think></think>Yes.", "Yes."],
    ["<think>a</think>\n<think>b</think>\nYes.", "Yes."],
    ["<think>a</think><think>b", ""],
    ["\n<thinking>a", ""],
    ["", ""],
    ["a < b > c", "a < b > c"],
  ];
  for (const [text, answer] of cases) assert.equal(withoutThought(text), answer, text);
  assert.equal(answerStart("<think>ab</think> c"), 17);
});

test("no content is a reply of no use, its tokens counted; the reply's length is an option", async (t) => {
  const server = await fakeServer(t, (response, seen, n) =>
    n === 0
      ? send(response, {
          choices: [{ message: { content: null, reasoning_content: "Hm" }, finish_reason: "length" }],
          usage: { prompt_tokens: 3, completion_tokens: 40 },
        })
      : send(response, completion(seen, "yes")),
  );
  const dir = scratch(t);
  const log = new ShardedLog(dir, callLog, wholeShard, callSchema);
  const judge = new Judge(clientFor(server), log, { seed: 1, tries: 2, replyTokens: 40 });
  assert.equal(await judge.ask([{ role: "user", content: "?" }], (text) => text || undefined), "yes");
  log.close();
  assert.deepEqual(
    readJsonl(path.join(dir, "calls.1-of-1.jsonl"), callSchema).map(({ text, completionTokens }) => [
      text,
      completionTokens,
    ]),
    [
      ["", 40],
      ["yes", 3],
    ],
  );
  assert.deepEqual(
    server.seen.map(({ body }) => body.max_tokens),
    [40, 40],
  );
});

/** A run of annotate against a server that answers so. */
async function annotate(t: Parameters<typeof scratch>[0], answer: Answer, sentences: number, ...more: string[]) {
  const dir = scratch(t);
  const at = (name: string) => path.join(dir, name);
  const server = await fakeServer(t, answer);
  writeJsonl(at("questions.jsonl"), [{ id: "q", topic: "Graz", prompt: [{ role: "user", content: "?" }] }]);
  const completions = Array.from({ length: sentences }, (_, i) => `Graz has ${i} trams.`);
  writeJsonl(
    at("candidates.jsonl"),
    completions.map((text, index) => ({ questionId: "q", index, completion: text, seed: 0 })),
  );
  writeJsonl(at("documents.jsonl"), [{ topic: "Graz", document: "Graz lies on the Mur." }]);
  const args = ["--candidates", at("candidates.jsonl"), "--questions", at("questions.jsonl"), "--annotator", "anah"];
  const files = ["--documents", at("documents.jsonl"), "--out", at("out.jsonl")];
  const ended = await here.run(["annotate", ...args, ...files, "--server", server.url, "--model-name", "m", ...more]);
  return { ...ended, server, out: at("out.jsonl") };
}

const useless: Answer = (response, seen) => send(response, completion(seen, "<think>\nLet me think"));

test("a run without a reply of use is an error and writes nothing; a long one ends early", async (t) => {
  const short = await annotate(t, useless, 3, "--tries", "1");
  assert.notEqual(short.code, 0);
  assert.match(
    short.stderr,
    /expected replies that follow the annotator's protocol, got none in 3 asks.*--max-reply-tok/s,
  );
  assert.throws(() => readJsonl(short.out, callSchema), /ENOENT/);
  const long = await annotate(t, useless, 200, "--tries", "1", "--concurrency", "2");
  assert.match(long.stderr, /got none in 20 asks/);
  assert.ok(long.server.seen.length < 30, `${long.server.seen.length} requests`);
});

test("where some replies are of use, the others are counted as ever", async (t) => {
  const answer: Answer = (response, seen) =>
    /has 1 trams/.test(seen.body.messages![0]!.content)
      ? send(response, completion(seen, answerTo(said(seen), seen.body.messages!.length)[1]))
      : useless(response, seen, 0);
  const { code, stdout, out, server } = await annotate(t, answer, 3, "--tries", "1", "--max-reply-tokens", "2000");
  assert.equal(code, 0);
  assert.match(
    stdout,
    /1 supported, 0 contradictory, 2 unverifiable, .*\(2 of them because no reply could be parsed\)/,
  );
  assert.equal(rowsOf<AnnotatedCandidate>(out).length, 3);
  assert.ok(server.seen.every(({ body }) => body.max_tokens === 2000));
});

test("a question and its answer are found in any reply, in linear time", () => {
  const reply = "  Question: On which river?\r\n\r\nANSWER:\tthe Mur  ";
  assert.deepEqual(parseQuestion(reply), { question: "On which river?", answer: "the Mur" });
  assert.equal(parseQuestion(`${reply}\nQuestion: And?`), undefined);
  assert.equal(parseQuestion("Question:\nAnswer: x"), undefined);
  const began = performance.now();
  for (const blank of ["\n", "\r", " ", "\r\n", "\u2028", "Question:\n"]) parseQuestion(blank.repeat(400_000));
  assert.ok(performance.now() - began < 20_000, "it took quadratic time, which is minutes");
});
