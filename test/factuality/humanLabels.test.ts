// Label files: made-up rows by hand, and what a damaged file is answered with.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import test, { type TestContext } from "node:test";
import type { FactLabel } from "../../lib/factuality/factScore";
import {
  factLabels,
  humanCandidates,
  humanQuestions,
  readHumanLabels,
  sentenceVerdict,
} from "../../lib/factuality/humanLabels";
import { annotatedCandidateSchema, questionSchema } from "../../lib/factuality/records";
import { scratch, userError } from "../golden/fixtures";

const sentence = (text: string, ...labels: FactLabel[]) => ({
  text,
  "is-relevant": true,
  "model-atomic-facts": [{ text: "m" }],
  "human-atomic-facts": labels.map((label, i) => ({ text: `fact ${i}`, label })),
});
const aside = (text: string, facts: number) => ({
  text,
  "is-relevant": false,
  "model-atomic-facts": Array.from({ length: facts }, () => ({ text: "m" })),
  "human-atomic-facts": null,
});
const row = (topic: string, output: string, annotations: unknown[] | null) => ({
  input: `Question: Tell me a bio of ${topic}.`,
  output,
  topic,
  cat: ["rare", "Asia/Pacific"],
  annotations,
});
const good = [
  row("Ada", "Ada sang[1]. She won two prizes. She  lives in Oz. Ask me more!", [
    sentence("Ada sang.", "S"),
    sentence("She won two prizes.", "S", "NS", "IR"),
    sentence("She lives in Oz.", "IR"),
    aside("Ask me more!", 2),
  ]),
  row("Bo", "I do not know Bo.", null),
];

function fileOf(t: TestContext, rows: readonly unknown[]): string {
  const file = path.join(scratch(t), "Model.jsonl");
  writeFileSync(file, rows.map((r) => (typeof r === "string" ? r : JSON.stringify(r))).join("\n"));
  return file;
}

test("one verdict per sentence: NS before S before nothing", () => {
  const cases: [FactLabel[], string][] = [
    [["S"], "supported"],
    [["S", "IR"], "supported"],
    [["S", "S", "NS"], "unverifiable"],
    [["NS"], "unverifiable"],
    [["IR", "NS"], "unverifiable"],
    [["IR"], "no-fact"],
    [[], "no-fact"],
  ];
  for (const [labels, verdict] of cases) assert.equal(sentenceVerdict(labels), verdict, labels.join());
});

test("responses become questions and candidates of the project's own kind", (t) => {
  const responses = readHumanLabels(fileOf(t, [good[0], "", good[1]])); // a blank line counts as a line
  assert.deepEqual(
    responses.map(({ where }) => path.basename(where)),
    ["Model.jsonl:1", "Model.jsonl:3"],
  );
  assert.deepEqual(responses.map(factLabels), [["S", "S", "NS", "IR", "IR", "IR", "IR"], null]);
  const { candidates, report } = humanCandidates(responses, 2);
  const { completion, sentences, ...rest } = annotatedCandidateSchema.parse(candidates[0]);
  assert.deepEqual(rest, { questionId: "Ada", index: 2, seed: 0 });
  assert.deepEqual(
    sentences.map(({ start, end, verdict }) => [completion.slice(start, end), verdict]),
    [
      ["Ada sang[1].", "supported"],
      ["She won two prizes.", "unverifiable"],
      ["She  lives in Oz.", "no-fact"],
      ["Ask me more!", "no-fact"],
    ],
  );
  assert.equal(candidates.length, 1, "who abstained is no candidate");
  assert.deepEqual(report, { sentences: 4, verbatim: 2, loose: 2, missing: [] });
  const questions = humanQuestions([responses, responses]).map((question) => questionSchema.parse(question));
  assert.deepEqual(
    questions,
    ["Ada", "Bo"].map((topic) => ({
      id: topic,
      topic,
      prompt: [{ role: "user", content: `Question: Tell me a bio of ${topic}.` }],
    })),
  );
});

test("a sentence that is not in its response is named and the response left out; so is one out of order", (t) => {
  const rows = [
    row("Cy", "A. B.", [sentence("A.", "S"), sentence("X.", "S"), sentence("B.", "S")]),
    row("Di", "A. B.", [sentence("B.", "S"), sentence("A.", "NS")]),
    row("Ed", "A.", [sentence("A.", "S")]),
  ];
  const { candidates, report } = humanCandidates(readHumanLabels(fileOf(t, rows)), 0);
  assert.deepEqual(
    candidates.map(({ questionId }) => questionId),
    ["Ed"],
  );
  assert.deepEqual(
    report.missing.map((where) => path.basename(where)),
    ["Model.jsonl:1 sentence 2", "Model.jsonl:2 sentence 2"],
  );
  assert.equal(report.verbatim + report.loose + report.missing.length, report.sentences);
});

test("damaged rows are refused with file and line", (t) => {
  const of = (change: object) => ({ ...good[1], ...change });
  const annotated = (change: object) => of({ annotations: [{ ...sentence("A.", "S"), ...change }] });
  const cases: [unknown, RegExp][] = [
    [
      annotated({ "human-atomic-facts": [{ text: "f", label: "T" }] }),
      /"annotations\.0\.human-atomic-facts\.0\.label".*got "T"/,
    ],
    [annotated({ "human-atomic-facts": [{ text: "f" }] }), /label".*Required/],
    [annotated({ "human-atomic-facts": [{ text: "f", label: "S", by: 1 }] }), /unknown keys "by"/],
    [annotated({ "human-atomic-facts": null }), /labelled facts where the sentence is relevant/],
    [annotated({ "is-relevant": false }), /null where it is not/],
    [annotated({ text: 3 }), /"annotations\.0\.text".*got 3/],
    [annotated({ span: [0, 1] }), /unknown keys "span"/],
    [of({ output: undefined }), /"output".*Required/],
    [of({ cat: ["rare"] }), /"cat"/],
    [of({ cat: ["seldom", "Asia/Pacific"] }), /"cat\.0".*got "seldom"/],
    [of({ score: 1 }), /unknown keys "score"/],
    [of({ annotations: undefined }), /"annotations".*Required/],
    [of({ annotations: {} }), /"annotations"/],
    [of({ topic: "Ada" }), /every topic once, got "Ada" again \(first on line 1\)/],
    ['{"input": "cut off', /one JSON value/],
    ["x".repeat(3_000_000), /one JSON value/],
    ["[".repeat(200_000) + "]".repeat(200_000), /got (a value too deep to show|\[{80}…)\./], // V8 14 shows any depth
    ["[]", /object/],
  ];
  for (const [bad, message] of cases) {
    const file = fileOf(t, [good[0], bad]);
    assert.throws(
      () => readHumanLabels(file),
      (error: Error) =>
        userError(message)(error) && error.message.startsWith(`${file}:2: `) && error.message.length < 1000,
      JSON.stringify(bad).slice(0, 200),
    );
  }
  assert.throws(() => readHumanLabels(path.join(scratch(t), "none.jsonl")), userError(/readable file, got ENOENT/));
});

test("models asked differently about a topic are not compared", (t) => {
  const [one, other] = [good, [{ ...good[0], input: "Who is Ada?" }]].map((rows) => readHumanLabels(fileOf(t, rows)));
  assert.throws(
    () => humanQuestions([one!, other!]),
    userError(/Model\.jsonl:1: expected the prompt of .*Model\.jsonl:1, "Question: .*got "Who is Ada\?"/),
  );
});
