/** Judges by what `mask-dpo agreement` says of them, whose files the table reads. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { writeJsonl } from "../../../lib/base/jsonl";
import { judgeTable, readJudges } from "../../../lib/paper/human/judges";
import { succeed } from "../../cli/here";
import { scratch, userError } from "../../golden/fixtures";
import { candidate, question } from "../../preference/fixtures";

test("what the command wrote is a row of the table", async (t) => {
  const dir = scratch(t);
  const at = (name: string) => path.join(dir, name);
  writeJsonl(at("questions.jsonl"), [question("a"), question("b"), question("c")]);
  const rows = (...letters: string[]) => letters.map((verdicts, i) => candidate("abc"[i]!, 0, verdicts));
  writeJsonl(at("human.jsonl"), rows("SSU", "UN", "SU"));
  writeJsonl(at("judged.jsonl"), rows("SUU", "UU", "SU"));
  const files = ["--human", at("human.jsonl"), "--annotated", at("judged.jsonl"), "--questions", at("questions.jsonl")];
  writeFileSync(at("small.anah.json"), await succeed(["agreement", ...files, "--json"]));
  const [row, ...more] = judgeTable(readJudges(dir)).rows;
  assert.equal(more.length, 0);
  const value = (key: string) => (row![key] as { value: number }).value.toFixed(3);
  const counts = ["model", "protocol", "sentences", "topics"].map((key) => row![key]);
  assert.deepEqual(counts, ["small", "anah", 7, 3]);
  assert.deepEqual(["accuracy", "precision", "recall"].map(value), ["71.429", "60.000", "100.000"]);
  writeFileSync(at("small.guess.json"), "{}");
  assert.throws(() => readJudges(dir), userError(/guess\.json: expected a name like MODEL\.PROTOCOL\.json/));
});

test("what is kept can be read", () => {
  const judges = readJudges();
  assert.ok(judges.length > 0 && judges.every(({ sentences }) => sentences > 0));
});
