/** Parquet in every compression, and damaged in every place: a message, never a rejection that nobody handles. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { UserError } from "../../../lib/base/check";
import { Rng } from "../../../lib/base/rng";
import { readRows } from "../../../lib/preference/formats/rows";
import { trl } from "../../../lib/preference/formats/trl";
import { scratch, userError } from "../../golden/fixtures";
import { goldenPath } from "../../golden/golden";

for (const name of ["preference", ...["none", "gzip", "brotli", "lz4", "zstd"].map((codec) => `preference-${codec}`)])
  test(`${name}: the rows that pyarrow wrote`, async () => {
    const rows = await readRows(goldenPath("formats", `${name}.parquet`));
    const report = { sentences: 0, verbatim: 0, loose: 0, missing: [] };
    assert.deepEqual(
      rows.map(({ value, where }) => trl.read(value, where, report)!.chosen.completion),
      ["It is blue.", "Żółw."],
    );
    assert.deepEqual(trl.unused(rows[0]!.value), ["score"]);
  });

test("a damaged file is refused, or read; no promise is left to fail", async (t) => {
  const unhandled: unknown[] = [];
  const listener = (reason: unknown) => void unhandled.push(reason);
  process.on("unhandledRejection", listener);
  t.after(() => process.off("unhandledRejection", listener));
  const file = path.join(scratch(t), "d.parquet");
  const rng = new Rng(7);
  const bytes = readFileSync(goldenPath("formats", "preference-zstd.parquet"));
  for (let i = 0; i < 6; i++) {
    const spoilt = Buffer.from(i === 0 ? bytes.subarray(0, bytes.length / 2) : bytes);
    // among the pages
    for (let k = 0; k < 4 && i > 0; k++) spoilt[Math.floor((rng.next() * bytes.length) / 2)]! ^= 0xff;
    writeFileSync(file, spoilt);
    await readRows(file).catch((error: unknown) => assert.ok(error instanceof UserError, String(error)));
  }
  await new Promise(setImmediate);
  assert.deepEqual(unhandled, []);
  writeFileSync(file, "no");
  await assert.rejects(readRows(file), userError(/d\.parquet: expected a readable Parquet file, got .+ is damaged/));
  await assert.rejects(readRows(`${file}.parquet`), userError(/expected a readable file, got ENOENT/));
});
