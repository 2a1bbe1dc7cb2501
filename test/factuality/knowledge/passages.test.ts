/** Passages of knowledge: BM25, and which are shown. */
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { writeJsonl } from "../../../lib/base/jsonl";
import { readDocuments } from "../../../lib/factuality/annotators/anah";
import { bm25 } from "../../../lib/factuality/knowledge/bm25";
import { Knowledge } from "../../../lib/factuality/knowledge/knowledge";
import { scratch, userError } from "../../golden/fixtures";
import { golden, ask } from "../annotators/scripted";

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
