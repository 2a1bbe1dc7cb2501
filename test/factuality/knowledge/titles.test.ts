/** Titles and topics that are composed in one file and not in the other (NFC, NFD), and a mark before the first row. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { readDocuments } from "../../../lib/factuality/annotators/anah";
import { Knowledge } from "../../../lib/factuality/knowledge/knowledge";
import { scratch, userError } from "../../golden/fixtures";
import { ask } from "../annotators/scripted";
import { made } from "./databases";

const composed = "Zürich".normalize("NFC");
const apart = composed.normalize("NFD");

for (const [title, topic] of [
  [composed, apart],
  [apart, composed],
] as const)
  test(`a title of ${title.length} characters for a topic of ${topic.length}`, async (t) => {
    const file = path.join(scratch(t), "rows.jsonl");
    const database = made(
      t,
      `CREATE TABLE documents (title PRIMARY KEY, text); INSERT INTO documents VALUES ('${title}', 'On the Limmat.')`,
    );
    writeFileSync(file, `\uFEFF${JSON.stringify({ title, text: "On the Limmat." })}\n`);
    for (const source of [file, database]) {
      const knowledge = await Knowledge.read(source, new Set([topic]));
      assert.deepEqual(knowledge.passages(topic, "river"), [{ title: topic, text: "On the Limmat." }]);
    }
    writeFileSync(file, `\uFEFF${JSON.stringify({ topic: title, document: "d" })}\n`);
    const question = { ...ask("?"), topic };
    assert.equal(readDocuments(file, [question]).get(question.id)!.document, "d");
    await assert.rejects(Knowledge.read(database, new Set(["Zurich"])), userError(/none for 1 of 1 \("Zurich"\)/));
  });
