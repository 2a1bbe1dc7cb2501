/** Asking policies: what comes out is what sampling gives, judged where somebody can, readable without colour. */
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { ask, compareAnswers } from "../../lib/lab/ask";
import { greedySampling } from "../../lib/model/generate";
import { loadPolicy } from "../../lib/model/policy";
import { sampleCandidates } from "../../lib/preference/candidate";
import { atlasFolder } from "../../lib/world/facts";
import { splitSentences } from "../../lib/text/sentence";
import { userError } from "../golden/fixtures";

const question = "Where does Brno lie?";
const base = path.join(atlasFolder, "base");

test("one policy, one question: its greedy answer, with the verdicts of Atlas", async () => {
  const { answers, text, html } = await ask("base", question);
  const [{ completion, sentences }] = answers["answer"] as [(typeof answers)[string][number]];
  const policy = loadPolicy(base);
  const asked = [{ id: "asked 0", topic: "?", prompt: [{ role: "user" as const, content: question }] }];
  for await (const [row] of sampleCandidates(policy, asked, 1, { ...greedySampling, maxNewTokens: 256 }, 1))
    assert.equal(completion, row!.completion);
  policy.dispose();
  assert.equal(sentences.length, splitSentences(completion).length);
  const hemisphere = sentences.find(({ start, end }) => completion.slice(start, end) === "Its hemisphere is northern.");
  assert.equal(hemisphere?.verdict, "supported");
  assert.match(text, /^Where does Brno lie\?\nanswer: .*\[S\] Its hemisphere is northern\./);
  assert.match(html!, /title="supported"/);
});

test("several policies: a row a question, a column a policy, as many answers as asked for", async () => {
  const { rows, html } = await compareAnswers({ "<before>": "base", after: base }, [question, "What is life?"], {
    samples: 2,
    maxNewTokens: 12,
  });
  assert.deepEqual(
    rows.map((row) => row.question),
    [question, "What is life?"],
  );
  for (const { answers } of rows) {
    assert.deepEqual(Object.keys(answers), ["<before>", "after"]);
    assert.deepEqual(answers["<before>"], answers["after"], "the same policy and seed");
    assert.equal(answers["after"]!.length, 2);
  }
  assert.ok(
    rows[1]!.answers["after"]!.every(({ sentences }) => sentences.length === 0),
    "no topic, no verdict",
  );
  assert.match(html!, /&lt;before&gt;/);
});

test("a question that names no topic as it is written says why nothing is judged", async () => {
  const { text, html } = await ask("base", "where does brno lie?", { maxNewTokens: 4 });
  for (const shown of [text, html!]) assert.match(shown, /No verdicts: .* as it is written there \(Brno, New York\)/);
});

test("a topic is found by its whole name, the longest that fits; others may judge", async () => {
  const annotator = {
    name: "topics",
    annotate: ({ topic }: { topic: string }, completion: string) =>
      completion
        ? [{ start: 0, end: 1, verdict: topic === "unknown" ? ("no-fact" as const) : ("supported" as const) }]
        : [],
  };
  const named = async (text: string) => {
    const { answers } = await ask("base", text, { annotator, maxNewTokens: 4 });
    return answers["answer"]![0]!.sentences[0]!.verdict === "supported";
  };
  assert.ok(await named("Is Brno's river long?"));
  assert.ok(await named("Tell me about Brno."));
  assert.ok(!(await named("What is Brnox?")));
});

test("a folder that is no model is refused by name", async () => {
  await assert.rejects(ask("no/such/model", question), userError(/no\/such\/model/));
});
