/**
 * `mask-dpo import` of labelled responses and of several files: counts, names of what is missing, files left behind.
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { z } from "zod";
import { readJsonl, writeJsonl } from "../../lib/base/jsonl";
import { readDocuments } from "../../lib/factuality/annotators/anah";
import { Knowledge } from "../../lib/factuality/knowledge/knowledge";
import { annotatedCandidateSchema, questionSchema } from "../../lib/factuality/records";
import { importSummary, importVerb } from "../../lib/steps/import";
import { preferencePairSchema } from "../../lib/preference/pair";
import { filesBelow } from "../cli/process";
import { scratch, userError, inOrder } from "../golden/fixtures";

const halueval = (query: string, response: string, ...spans: string[]) => ({
  user_query: query,
  chatgpt_response: response,
  hallucination: spans.length > 0 ? "yes" : "no",
  hallucination_spans: spans,
});
const biography = (topic: string, ...sentences: [string, ...("S" | "NS")[]][]) => ({
  input: `Tell me a bio of ${topic}.`,
  output: sentences.map(([text]) => text).join(" "),
  topic,
  cat: ["rare", "x"],
  annotations: sentences.map(([text, ...labels]) => ({
    text,
    "is-relevant": true,
    "model-atomic-facts": [],
    "human-atomic-facts": labels.map((label) => ({ text, label })),
  })),
});

test("halueval: best and worst response to each query; candidates and questions are left for pairs", async (t) => {
  const dir = scratch(t);
  const at = (name: string) => path.join(dir, name);
  const out = at("pairs.jsonl");
  writeJsonl(at("a.jsonl"), [
    halueval("Bern?", "Aa. Bb.", "Bb."),
    halueval("Basel?", "Cc. Dd.", "Dd."),
    halueval("Bern?", "Ee. Ff."),
  ]);
  writeJsonl(at("b.jsonl"), [halueval("Basel?", "Cc. Xx.", "gone")]);
  const imported = await importVerb({ from: "halueval", files: [at("a.jsonl"), at("b.jsonl")], out, seed: 1 });
  const [pair, ...others] = readJsonl(out, preferencePairSchema);
  assert.deepEqual(
    [pair!.questionId, pair!.chosen.completion, pair!.rejected.completion, pair!.scores, others],
    ["Bern?", "Ee. Ff.", "Aa. Bb.", { chosen: 1, rejected: 0.5 }, []],
  );
  assert.equal(
    importSummary(imported, "OUT").replaceAll(dir, "DIR"),
    [
      "1 pairs of 4 rows in OUT",
      "3 annotated strings: 2 found verbatim, 0 but for white space and citation marks, 1 not found",
      "left out, as this is not in its text: DIR/b.jsonl:1 span 1",
      "annotated candidates and questions in DIR/pairs.jsonl.run",
    ].join("\n"),
  );
  assert.equal(readJsonl(path.join(`${out}.run`, "candidates.jsonl"), annotatedCandidateSchema).length, 3);
  assert.deepEqual(
    readJsonl(path.join(`${out}.run`, "questions.jsonl"), questionSchema).map(({ id }) => id),
    ["Bern?", "Basel?"],
  );
});

test("factscore: a file a model; a sentence that is not in the biography is named", async (t) => {
  const dir = scratch(t);
  const at = (name: string) => path.join(dir, name);
  const out = at("pairs.jsonl");
  writeJsonl(at("one.jsonl"), [
    biography("Ada", ["Ada sang.", "S"], ["Ada flew.", "NS"]),
    biography("Bo", ["Bo ran.", "S"]),
  ]);
  const spoilt = biography("Bo", ["Bo sat.", "NS"]);
  writeJsonl(at("two.jsonl"), [biography("Ada", ["Ada wrote.", "S"]), { ...spoilt, output: "Bo stood." }]);
  const { pairs, location, made } = await importVerb({
    from: "factscore",
    files: [at("one.jsonl"), at("two.jsonl")],
    out,
    seed: 1,
  });
  assert.deepEqual(
    pairs.map(({ questionId, chosen, scores }) => [questionId, chosen.completion, scores]),
    [["Ada", "Ada wrote.", { chosen: 1, rejected: 0.5 }]],
  );
  assert.deepEqual(location, { sentences: 5, verbatim: 4, loose: 0, missing: [`${at("two.jsonl")}:2 sentence 1`] });
  assert.equal(made!.report.tooFewCandidates, 1);
  const found = [
    ["Ada", "Ada sang. Ada wrote."],
    ["Bo", "Bo ran."],
  ];
  const left = (name: string) => readJsonl(path.join(made!.folder, name), z.record(z.string())).map(Object.values);
  assert.deepEqual([left("documents.jsonl"), left("knowledge.jsonl")], [found, found]);
  const topics = found.map(([topic]) => ({ id: topic!, topic: topic!, prompt: [] }));
  assert.equal(readDocuments(path.join(made!.folder, "documents.jsonl"), topics).size, 2);
  const knowledge = await Knowledge.read(path.join(made!.folder, "knowledge.jsonl"), new Set(["Ada", "Bo"]));
  assert.deepEqual(knowledge.passages("Bo", "ran"), [{ title: "Bo", text: "Bo ran." }]);
});

test("no pair, a bad row, two files of one name: an error, and the older result stands", async (t) => {
  const dir = scratch(t);
  const at = (name: string) => path.join(dir, name);
  const out = at("pairs.jsonl");
  writeFileSync(out, "older\n");
  writeJsonl(at("single.jsonl"), [halueval("Bern?", "Aa. Bb.", "Bb.")]);
  await assert.rejects(
    importVerb({ from: "halueval", files: [at("single.jsonl")], out, seed: 1 }),
    userError(
      inOrder(
        /single\.jsonl: expected at least one pair, got 1 rows and /,
        /no question with two responses of different scores among 1\. /,
        /Add candidates of the same questions to those in .+pairs\.jsonl\.run and run mask-dpo pairs\./,
      ),
    ),
  );
  writeFileSync(at("empty.jsonl"), "");
  await assert.rejects(
    importVerb({ from: "official", files: [at("empty.jsonl")], out, seed: 1 }),
    userError(/empty\.jsonl: expected at least one pair, got 0 rows\. Check that the file is of this format\./),
  );
  const plain = { prompt: "p", chosen: "a", rejected: "b" };
  writeJsonl(at("bad.jsonl"), [plain, { ...plain, chosen: 7 }]);
  await assert.rejects(
    importVerb({ from: "trl", files: [at("bad.jsonl")], out, seed: 1 }),
    userError(/bad\.jsonl:2: expected a valid "chosen"/),
  );
  await assert.rejects(
    importVerb({ from: "trl", files: [at("bad.jsonl"), path.join(dir, "sub", "bad.jsonl")], out, seed: 1 }),
    userError(/--in: expected files of different names, .+ got "bad\.jsonl" twice/),
  );
  assert.equal(readFileSync(out, "utf8"), "older\n");
  assert.deepEqual(
    filesBelow(dir).filter((name) => name.includes(".tmp")),
    [],
  );
});

test("trl: pairs without sentences are said to be so", async (t) => {
  const dir = scratch(t);
  const file = path.join(dir, "a.jsonl");
  writeJsonl(file, [
    { prompt: "p", chosen: "a", rejected: "b" },
    { chosen: "It is so", rejected: "It is not" },
  ]);
  assert.equal(
    importSummary(await importVerb({ from: "trl", files: [file], out: path.join(dir, "o.jsonl"), seed: 1 }), "OUT"),
    "2 pairs of 2 rows in OUT\n2 pairs have a side without sentences: only --mask none trains on them",
  );
});

test("50,000 rows", async (t) => {
  const dir = scratch(t);
  const file = path.join(dir, "a.jsonl");
  const started = performance.now();
  writeJsonl(
    file,
    Array.from({ length: 50_000 }, (_, i) => ({ prompt: `p${i}`, chosen: "a", rejected: "b" })),
  );
  assert.equal(
    (await importVerb({ from: "trl", files: [file], out: path.join(dir, "o.jsonl"), seed: 1 })).pairs.length,
    50_000,
  );
  assert.ok(performance.now() - started < 20_000);
});
