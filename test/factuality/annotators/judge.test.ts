/** The judge: replies kept, parsed strictly, asked for again. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { anahAnnotator, saysFacts } from "../../../lib/factuality/annotators/anah";
import { parseFacts } from "../../../lib/factuality/annotators/atomicFacts";
import { trueOrFalse } from "../../../lib/factuality/annotators/factScoreAnnotator";
import { labelIn } from "../../../lib/factuality/annotators/judge";
import { agree, parseQuestion } from "../../../lib/factuality/annotators/selfConsistency";
import type { Message } from "../../../lib/text/message";
import { ask, scripted } from "./scripted";

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
    ["<No Facts>", "No facts present.", "<Facts Present>", "No facts present, or facts present?"].map(saysFacts),
    [false, false, true, undefined],
  );
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
