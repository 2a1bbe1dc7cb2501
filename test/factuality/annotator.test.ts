// Annotating candidates: order, one judgement per text, and annotators that misbehave.
import assert from "node:assert/strict";
import test from "node:test";
import { UserError } from "../../lib/base/check";
import { type Annotator, annotateCandidates } from "../../lib/factuality/annotator";
import type { Candidate, Question, Sentence } from "../../lib/factuality/records";

const questions: Question[] = ["q", "r"].map((id) => ({ id, topic: id, prompt: [{ role: "user", content: "?" }] }));
const candidate = (questionId: string, index: number, completion: string): Candidate => ({
  questionId,
  index,
  completion,
  seed: 7,
  tokenIds: [index],
});

test("rows keep their order and fields; equal texts of a question are judged once; progress is told", async () => {
  const asked: string[] = [];
  const annotator: Annotator = {
    name: "length",
    annotate: (question, completion): Sentence[] => {
      asked.push(question.id + completion);
      return completion
        ? [{ start: 0, end: completion.length, verdict: completion.length > 2 ? "supported" : "contradictory" }]
        : [];
    },
  };
  const rows = [
    candidate("q", 0, "abc"),
    candidate("r", 0, "abc"),
    candidate("q", 1, "ab"),
    candidate("q", 2, "abc"),
    candidate("q", 3, ""),
  ];
  const done: number[] = [];
  const annotated = await annotateCandidates(rows, questions, annotator, (n) => done.push(n));
  assert.deepEqual(
    annotated.map(({ sentences, ...row }) => (void sentences, row)),
    rows,
  );
  assert.deepEqual(
    annotated.map(({ sentences }) => sentences[0]?.verdict),
    ["supported", "supported", "contradictory", "supported", undefined],
  );
  assert.deepEqual(asked, ["qabc", "rabc", "qab", "q"]);
  assert.deepEqual(done, [1, 2, 3, 4, 5]);
});

test("what an annotator says beyond span and verdict does not reach the rows", async () => {
  const said = [{ start: 0, end: 3, verdict: "supported" as const, relation: "country" }];
  const [row] = await annotateCandidates([candidate("q", 0, "abc")], questions, {
    name: "talkative",
    annotate: () => said,
  });
  assert.deepEqual(row!.sentences, [{ start: 0, end: 3, verdict: "supported" }]);
});

test("spans that do not fit, and unknown questions, are errors that say whose", async () => {
  const annotator: Annotator = { name: "sloppy", annotate: () => [{ start: 0, end: 9, verdict: "supported" }] };
  await assert.rejects(
    annotateCandidates([candidate("q", 3, "abc")], questions, annotator),
    (e: UserError) =>
      e instanceof UserError &&
      /^annotator sloppy, candidate 3 of question "q": .*0-9 ends outside the text of 3/.test(e.message),
  );
  await assert.rejects(
    annotateCandidates([candidate("x", 0, "abc")], questions, annotator),
    (e: UserError) => e instanceof UserError && /question "x": expected a question of --questions/.test(e.message),
  );
});
