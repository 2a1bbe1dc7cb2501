/** Files of text: byte order marks, other encodings, broken bytes, pipes and devices, lines across pieces. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, ftruncateSync, openSync, writeFileSync, writeSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { z } from "zod";
import { readNumberedJsonl } from "../../lib/base/jsonl";
import { linesOf, readText } from "../../lib/base/textFile";
import { readConfig } from "../../lib/model/configFile";
import { readRows } from "../../lib/preference/formats/rows";
import { loadTokenizer } from "../../lib/text/tokenizer";
import { editJson, scratch, scratchCopy, userError } from "../golden/fixtures";

const mark = Buffer.from([0xef, 0xbb, 0xbf]);
const utf16 = (text: string, bom = true) => Buffer.from((bom ? "\uFEFF" : "") + text, "utf16le");

test("a byte order mark is no part of rows, arrays, configurations, tokenizers or templates", async (t) => {
  const dir = scratchCopy(t, "models", "llama-gqa-llama3");
  const file = path.join(dir, "rows.jsonl");
  writeFileSync(file, Buffer.concat([mark, Buffer.from('{"a":"\uFEFF1"}\r\n\r\n{"a":"2"}\r\n')]));
  assert.deepEqual(readNumberedJsonl(file, z.object({ a: z.string() })), [
    { row: { a: "\uFEFF1" }, line: 1 },
    { row: { a: "2" }, line: 3 },
  ]);
  writeFileSync(path.join(dir, "rows.json"), Buffer.concat([mark, Buffer.from("[1, 2]")]));
  assert.deepEqual((await readRows(path.join(dir, "rows.json"))).length, 2);
  const before = [readConfig(path.join(dir, "config.json")), loadTokenizer(dir).encode("Lima").ids];
  for (const name of ["config.json", "tokenizer.json", "tokenizer_config.json", "generation_config.json"])
    writeFileSync(path.join(dir, name), Buffer.concat([mark, Buffer.from(readText(path.join(dir, name)))]));
  writeFileSync(path.join(dir, "chat_template.jinja"), "\uFEFF{{ bos_token }}");
  assert.deepEqual([readConfig(path.join(dir, "config.json")), loadTokenizer(dir).encode("Lima").ids], before);
  assert.equal(loadTokenizer(dir).chatTemplate, "{{ bos_token }}");
});

test("UTF-16 and bytes that are not UTF-8 are refused, with their line", (t) => {
  const file = path.join(scratch(t), "x.jsonl");
  for (const bytes of [utf16('{"a":1}'), utf16('{"a":1}').swap16(), utf16('{"a":1}', false)]) {
    writeFileSync(file, bytes);
    for (const read of [readText, (name: string) => [...linesOf(name)]])
      assert.throws(
        () => read(file),
        userError(/x\.jsonl: expected text in UTF-8, got UTF-16\. Save the file in UTF-8/),
      );
  }
  for (const bad of [[0xe9], [0xc3], [0xed, 0xa0, 0x80], [0xf0, 0x9f, 0x98]]) {
    writeFileSync(file, Buffer.concat([Buffer.from('"Zürich"\n\n"Genè'), Buffer.from(bad), Buffer.from('ve"\n')]));
    assert.throws(
      () => readNumberedJsonl(file, z.string()),
      userError(/x\.jsonl:3: expected text in UTF-8, got bytes that are not UTF-8 after "\\"Genè"/),
    );
  }
});

test("lines longer than a piece, and as many as there are; one too long is refused before it is in memory", (t) => {
  const file = path.join(scratch(t), "long.jsonl");
  const rows = ["é".repeat(1_500_000), "", "b", "𝄞".repeat(400_000), "c"];
  writeFileSync(file, rows.join("\n"));
  assert.deepEqual(
    [...linesOf(file)],
    rows.map((text, i) => {
      const end = Buffer.byteLength(rows.slice(0, i + 1).join("\n")) + Number(i < rows.length - 1);
      return { text, number: i + 1, end, ended: i < rows.length - 1 };
    }),
  );
  const fd = openSync(file, "w");
  writeSync(fd, "1\n");
  ftruncateSync(fd, 3_000_000_000); // a hole: more than a buffer or a string can be
  closeSync(fd);
  assert.throws(
    () => readNumberedJsonl(file, z.unknown()),
    userError(/long\.jsonl:2: expected at most 67108864 bytes/),
  );
  assert.throws(() => readText(file), userError(/long\.jsonl: expected at most 268435456 bytes, got 3000000000/));
});

test(
  "a folder, a device, or a pipe that nobody writes to is no file of a model",
  { skip: process.platform === "win32" },
  (t) => {
    const dir = scratchCopy(t, "text", "llama3");
    assert.throws(() => readText(dir), userError(/copy: expected a readable file, got a folder. Name a file in it/));
    assert.throws(() => readText("/dev/zero"), userError(/got a device/));
    assert.throws(() => [...linesOf("/dev/zero")], userError(/got a device/));
    editJson(path.join(dir, "tokenizer_config.json"), () => undefined);
    execFileSync("mkfifo", [path.join(dir, "generation_config.json")]);
    assert.throws(() => loadTokenizer(dir), userError(/generation_config\.json: expected a readable file, got a pipe/));
  },
);
