/** Every format of preference pairs: what it writes (golden files), what comes back, what it refuses. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import type { LocationReport } from "../../../lib/factuality/humanLabels";
import { readJsonl } from "../../../lib/base/jsonl";
import { pairFormatNames } from "../../../lib/preference/formats/registry";
import { exportVerb } from "../../../lib/steps/export";
import { importVerb } from "../../../lib/steps/import";
import { axolotl } from "../../../lib/preference/formats/axolotl";
import { llamafactory } from "../../../lib/preference/formats/llamafactory";
import { official } from "../../../lib/preference/formats/official";
import type { PairFormat } from "../../../lib/preference/formats/pairRow";
import { readRows } from "../../../lib/preference/formats/rows";
import { trl } from "../../../lib/preference/formats/trl";
import { preferencePairSchema } from "../../../lib/preference/pair";
import { scratch, userError } from "../../golden/fixtures";
import { goldenPath } from "../../golden/golden";
import { pairs } from "./arbitrary";

const formats: Record<string, PairFormat> = { official, trl, llamafactory, axolotl };
const report = (): LocationReport => ({ sentences: 0, verbatim: 0, loose: 0, missing: [] });
const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const golden = readJsonl(goldenPath("formats", "pairs.jsonl"), preferencePairSchema);

for (const [name, format] of Object.entries(formats)) {
  test(`${name}: a pair comes back as it was, whatever its texts and spans`, () => {
    fc.assert(
      fc.property(pairs, (pair) => {
        const found = report();
        assert.deepEqual(format.read(json(format.write(pair)), "f.jsonl:1", found), pair);
        assert.deepEqual(found.missing, []);
      }),
      { numRuns: 300 },
    );
  });

  test(`${name}: without the column mask_dpo prompt and completions come back, named by the row`, () => {
    fc.assert(
      fc.property(pairs, (pair) => {
        const { mask_dpo: _, ...row } = json(
          format.write({
            ...pair,
            chosen: { ...pair.chosen, sentences: [] },
            rejected: { ...pair.rejected, sentences: [] },
          }),
        ) as Record<string, unknown>;
        const read = format.read(row, "dir/f.jsonl:7", report())!;
        assert.deepEqual(
          [read.questionId, read.prompt, read.chosen.completion, read.rejected.completion],
          ["f.jsonl:7", pair.prompt, pair.chosen.completion, pair.rejected.completion],
        );
        assert.deepEqual([read.chosen.sentences, read.scores], [[], { chosen: 1, rejected: 0 }]);
      }),
      { numRuns: 100 },
    );
  });

  test(`${name}: a column that does not fit the texts is refused`, () => {
    const row = json(format.write(golden[0]!)) as { mask_dpo: string };
    assert.throws(
      () => format.read({ ...row, mask_dpo: row.mask_dpo.replace(/"end":\d+/, '"end":999') }, "f.jsonl:3", report()),
      userError(/f\.jsonl:3, mask_dpo: expected a valid "chosen\.sentences\.0" \(span 0-999 ends outside/),
    );
    assert.throws(
      () => format.read({ ...row, mask_dpo: "{" }, "f.jsonl:3", report()),
      userError(/f\.jsonl:3, mask_dpo: expected one JSON value/),
    );
    assert.throws(
      () => format.read({ ...row, mask_dpo: '{"chosen":{}}' }, "f.jsonl:3", report()),
      userError(/f\.jsonl:3, mask_dpo: expected a valid "rejected"/),
    );
    for (const value of [null, 7, "text", [], {}])
      assert.throws(() => format.read(value, "f.jsonl:3", report()), userError(/f\.jsonl:3: expected a valid/));
  });
}

test("exports write the golden files, and imports read them back", async (t) => {
  const dir = scratch(t);
  for (const to of pairFormatNames) {
    const { files, pairs } = exportVerb({ to, pairs: goldenPath("formats", "pairs.jsonl"), out: dir });
    assert.equal(pairs, 2);
    for (const file of files)
      assert.equal(
        readFileSync(file, "utf8").replaceAll(dir, "DIR"),
        readFileSync(goldenPath("formats", path.basename(file)), "utf8"),
        file,
      );
    assert.deepEqual(
      (await importVerb({ from: to, files: [files[0]!], out: path.join(dir, "back.jsonl"), seed: 1 })).pairs,
      golden,
    );
  }
});

test("LLaMA-Factory: the entry joins those of a dataset_info.json; prompts it would leave out are refused", (t) => {
  const dir = scratch(t);
  const info = path.join(dir, "dataset_info.json");
  writeFileSync(info, '{"other":{"file_name":"other.json"}}');
  exportVerb({ to: "llamafactory", pairs: goldenPath("formats", "pairs.jsonl"), out: dir });
  assert.deepEqual(Object.keys(JSON.parse(readFileSync(info, "utf8")) as object), ["other", "mask_dpo"]);
  writeFileSync(info, "[");
  assert.throws(
    () => exportVerb({ to: "llamafactory", pairs: goldenPath("formats", "pairs.jsonl"), out: dir }),
    userError(/dataset_info\.json: expected one JSON value/),
  );
  const prompt = [...golden[0]!.prompt, { role: "assistant" as const, content: "It is old." }];
  assert.throws(
    () => llamafactory.write({ ...golden[0]!, prompt }),
    userError(/pair of question "q1": expected a prompt of user and assistant in turn .+, got user, assistant\./),
  );
});

test("rows: JSON Lines and a JSON array", async (t) => {
  const dir = scratch(t);
  const at = (name: string, content: string) => {
    writeFileSync(path.join(dir, name), content);
    return path.join(dir, name);
  };
  const places = async (file: string) =>
    (await readRows(file)).map(({ where, value }) => [path.basename(where), value]);
  assert.deepEqual(await places(at("a.jsonl", "1\n\n2\n")), [
    ["a.jsonl:1", 1],
    ["a.jsonl:3", 2],
  ]);
  assert.deepEqual(await places(at("a.json", "[1,\n 2]")), [
    ["a.json:1", 1],
    ["a.json:2", 2],
  ]);
  assert.deepEqual(await places(at("b.json", '{"a":1}\n{"a":2}')), [
    ["b.json:1", { a: 1 }],
    ["b.json:2", { a: 2 }],
  ]);
  await assert.rejects(readRows(at("c.jsonl", "1\n{")), userError(/c\.jsonl:2: expected one JSON value/));
  await assert.rejects(readRows(at("c.json", "[1,")), userError(/c\.json: expected one JSON value/));
  await assert.rejects(
    readRows(path.join(dir, "none.jsonl")),
    userError(/none\.jsonl: expected a readable file, got ENOENT/),
  );
});
