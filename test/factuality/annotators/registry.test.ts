/** The annotators' entries: what each takes, and what is said where it is given something else. */
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { writeJsonl } from "../../../lib/base/jsonl";
import { runKey } from "../../../lib/base/runFolder";
import { inputsOf, type AnnotatorInputs } from "../../../lib/factuality/annotators/registry";
import { annotateDefaults } from "../../../lib/steps/annotateServed";
import { annotateBy, annotatorNamed, annotators, annotatorTable } from "../../../lib/steps/annotators";
import { writeQuestions } from "../../cli/data";
import { scratch, userError } from "../../golden/fixtures";
import { fakeServer, good } from "../../server/fake";

test("every annotator has a name of its own, says what it does, and describes what it takes", () => {
  assert.equal(new Set(annotators.map(({ name }) => name)).size, annotators.length);
  for (const { name, description, options, files } of annotators) {
    assert.ok(description, name);
    for (const [key, field] of Object.entries(options.shape)) assert.ok(field.description, `${name} ${key}`);
    for (const [key, content] of Object.entries(files)) assert.ok(content, `${name} ${key}`);
  }
  assert.deepEqual(
    annotatorTable()
      .rows.slice(0, 5)
      .map(({ name, needs, options }) => [name, needs, options]),
    [
      ["oracle", "nothing", "none"],
      ["gazetteer", "nothing", "none"],
      ["anah", "--server, --documents", "none"],
      ["factscore", "--server, --knowledge", "none"],
      ["self-consistency", "--server", "--answers, --answer-model"],
    ],
  );
});

test("an annotator is opened with its own files and checked options, and with nothing of another's", () => {
  const of = (name: string, given: AnnotatorInputs) => inputsOf(annotatorNamed(name), given);
  assert.deepEqual(of("self-consistency", {}), { files: {}, options: { answers: 20 } });
  assert.deepEqual(of("self-consistency", { answers: 3, answerModel: "m" }).options, { answers: 3, answerModel: "m" });
  assert.deepEqual(of("anah", { documents: "d.jsonl" }), { files: { documents: "d.jsonl" }, options: {} });
  const refused: [string, AnnotatorInputs, RegExp][] = [
    ["anah", {}, /--documents: expected a JSONL file of rows .+ for --annotator anah, got none/],
    ["anah", { documents: "d", answers: 3 }, /--answers: expected what anah takes: --documents, got --answers/],
    ["oracle", { knowledge: "k" }, /--knowledge: expected nothing for oracle, got --knowledge/],
    ["self-consistency", { answers: 0 }, /--answers: expected Number must be greater than or equal to 1, got 0/],
    ["factscore", { answerModel: "m", knowledge: "k" }, /--answer-model: expected what factscore takes: --knowledge/],
  ];
  for (const [name, given, message] of refused) assert.throws(() => of(name, given), userError(message), name);
});

test("an unknown name, a server for the oracle and none for a language model are refused", async () => {
  const flags = { ...annotateDefaults, seed: 1, candidates: "c", out: "o" };
  await assert.rejects(
    annotateBy({ ...flags, annotator: "nobody" }),
    userError(/--annotator: expected oracle \| gazetteer \| anah \| .+, got nobody/),
  );
  await assert.rejects(
    annotateBy({ ...flags, annotator: "oracle", server: "http://127.0.0.1:1/v1" }),
    userError(/--annotator: expected anah \| .+ with --server, got oracle/),
  );
  await assert.rejects(
    annotateBy({ ...flags, annotator: "anah", documents: "d" }),
    userError(/--server: expected the address of a server for this annotator, got none/),
  );
});

test("options reach the annotator and the key of its run: another model answers, as often as asked", async (t) => {
  const replies: Record<string, (asked: string) => string> = {
    judge: (asked) => (asked.includes("breakdown") ? "- Lima is large." : "Question: Is Lima large?\nAnswer: yes"),
    policy: () => "Yes.",
  };
  const server = await fakeServer(
    t,
    good(({ body }) => replies[body.model]!(body.messages!.at(-1)!.content)),
  );
  const dir = scratch(t);
  const at = (name: string) => path.join(dir, name);
  const completion = "Lima is large.";
  writeJsonl(at("candidates.jsonl"), [{ questionId: "q0", index: 0, completion, seed: 0 }]);
  const said = await annotateBy({
    ...annotateDefaults,
    annotator: "self-consistency",
    answers: 3,
    answerModel: "policy",
    server: server.url,
    modelName: "judge",
    seed: 1,
    candidates: at("candidates.jsonl"),
    questions: writeQuestions(at("questions.jsonl"), 1),
    out: at("judged.jsonl"),
  });
  assert.match(said, /: 1 supported, 0 contradictory, .+; facts: 1 supported, 0 not; 5 calls, 0 from the cache/);
  assert.deepEqual(
    server.seen.map(({ body }) => body.model),
    ["judge", "judge", "policy", "policy", "policy"],
  );
  const { options } = runKey(dir, "judged.jsonl.run") as { options: object };
  assert.deepEqual(options, { answers: 3, answerModel: "policy" });
});
