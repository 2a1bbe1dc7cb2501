/**
 * The annotators' protocols with a scripted model: against the official code's own transcripts
 * (test/golden/annotators.json), and their rules.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "../../../lib/base/hash";
import { annotateCandidates } from "../../../lib/factuality/annotator";
import { anahAnnotator } from "../../../lib/factuality/annotators/anah";
import {
  factScoreAnnotator,
  trueOrFalse,
  validationPrompt,
} from "../../../lib/factuality/annotators/factScoreAnnotator";
import {
  answerPrompt,
  questionPrompt,
  selfConsistencyAnnotator,
} from "../../../lib/factuality/annotators/selfConsistency";
import { inOrder } from "../../golden/fixtures";
import { golden, ask, scripted, said } from "./scripted";

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
