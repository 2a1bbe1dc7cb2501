/** HaluEval's files of right and hallucinated texts: a pair a row, beside general queries in the same import. */
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { readJsonl, writeJsonl } from "../../../lib/base/jsonl";
import { preferencePairSchema } from "../../../lib/preference/pair";
import { importSummary, importVerb } from "../../../lib/steps/import";
import { scratch, userError } from "../../golden/fixtures";

const qa = {
  knowledge: "Bern is a city of the Confederation.",
  question: "Which city is the seat of the Swiss government?",
  right_answer: "Bern",
  hallucinated_answer: "It is Zurich. Zurich is the largest city.",
};
const dialogue = {
  knowledge: "k",
  dialogue_history: "[Human]: Do you like opera? [Assistant]: Yes. Verdi above all. [Human]: What did he write?  ",
  right_response: "He wrote Aida.",
  hallucinated_response: "He wrote Carmen.",
};
const summary = { document: "A long text.", right_summary: "A text.", hallucinated_summary: "A song." };
const general = {
  ID: "1",
  user_query: "Bern?",
  chatgpt_response: "Aa.",
  hallucination: "no",
  hallucination_spans: [],
};

async function imported(t: Parameters<typeof scratch>[0], rows: object[]) {
  const dir = scratch(t);
  const file = path.join(dir, "data.json");
  const out = path.join(dir, "pairs.jsonl");
  writeJsonl(file, rows);
  const result = await importVerb({ from: "halueval", files: [file], out, seed: 1 });
  return { pairs: readJsonl(out, preferencePairSchema), summary: importSummary(result, "OUT").replaceAll(dir, "DIR") };
}

test("qa, dialogue and summarization: a pair a row, right supported, hallucinated unverifiable", async (t) => {
  const { pairs, summary: said } = await imported(t, [qa, dialogue, summary]);
  assert.deepEqual(
    pairs.map(({ questionId, prompt, chosen, rejected, scores }) => [
      questionId,
      prompt.map(({ role, content }) => `${role[0]}: ${content}`),
      chosen.completion,
      rejected.completion,
      scores,
    ]),
    [
      ["data.json:1", [`u: ${qa.question}`], "Bern", qa.hallucinated_answer, { chosen: 1, rejected: 0 }],
      [
        "data.json:2",
        ["u: Do you like opera?", "a: Yes. Verdi above all.", "u: What did he write?"],
        "He wrote Aida.",
        "He wrote Carmen.",
        { chosen: 1, rejected: 0 },
      ],
      [
        "data.json:3",
        ["u: Summarize the following document.\n\nA long text."],
        "A text.",
        "A song.",
        { chosen: 1, rejected: 0 },
      ],
    ],
  );
  assert.deepEqual(pairs[0]!.chosen.sentences, [{ start: 0, end: 4, verdict: "supported" }]);
  assert.deepEqual(
    pairs[0]!.rejected.sentences.map(({ verdict }) => verdict),
    ["unverifiable", "unverifiable"],
  );
  assert.equal(said, "3 pairs of 3 rows in OUT\ncolumns that are not used: knowledge (2 rows)");
});

test("beside general queries, whose candidates are left for others", async (t) => {
  const { pairs, summary: said } = await imported(t, [general, qa]);
  assert.deepEqual(
    pairs.map(({ questionId }) => questionId),
    ["data.json:2"],
  );
  assert.match(
    said,
    /^1 pairs of 2 rows .+not used: ID \(1 rows\), knowledge \(1 rows\).+candidates and questions in/s,
  );
});

test("rows that lack a text, or a dialogue that does not end with the human, are refused", async (t) => {
  for (const [row, message] of [
    [{ ...qa, right_answer: "" }, /data\.json:1: expected a valid "right_answer"/],
    [{ hallucinated_summary: "x" }, /expected a valid "document"/],
    [{ ...dialogue, dialogue_history: "[Human]: Hi [Assistant]: Hello" }, /that ends with the human's/],
    [general, /got 1 rows and no question with two .+HaluEval's general file has one response a query/],
  ] as const)
    await assert.rejects(imported(t, [row]), userError(message));
});
