/** Folders of strangers: sizes beyond any model, patterns that never end, tokens without a row. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { openCheckpoint } from "../../lib/model/checkpoint";
import { policyHash } from "../../lib/model/policy";
import { encodePrompt } from "../../lib/text/prompt";
import { loadTokenizer } from "../../lib/text/tokenizer";
import { editJson, scratchCopy, userError } from "../golden/fixtures";
import { goldenPath } from "../golden/golden";

type Json = Record<string, unknown>;
interface TokenizerJson extends Json {
  added_tokens: Json[];
  model: { vocab: Record<string, number> };
  pre_tokenizer: { pretokenizers: Json[] };
}
const golden = "llama-gqa-llama3";

describe("refused, before anything is made for it", () => {
  const refused = (name: string, file: string, edit: (value: Json) => void, message: RegExp) => {
    test(name, (t) => {
      const dir = scratchCopy(t, "models", golden);
      editJson(path.join(dir, file), edit);
      const started = performance.now();
      assert.throws(() => openCheckpoint(dir), userError(message));
      assert.ok(performance.now() - started < 2000);
    });
  };
  for (const key of ["num_hidden_layers", "hidden_size", "vocab_size", "intermediate_size", "head_dim"])
    refused(
      `${key} of a billion`,
      "config.json",
      (c) => {
        c[key] = 1e9;
      },
      new RegExp(`config\\.json: expected a valid "${key}"`),
    );
  refused(
    "a token id of a billion",
    "tokenizer.json",
    (json) => {
      (json as TokenizerJson).model.vocab["zzz"] = 1e9;
    },
    /tokenizer\.json: expected a valid "model\.vocab\.zzz"/,
  );
  refused(
    "an added token of that kind",
    "tokenizer.json",
    (json) => {
      const { added_tokens: added } = json as TokenizerJson;
      added.push({ ...added[0], id: 1e9, content: "<x>" });
    },
    /tokenizer\.json: expected a valid "added_tokens\.5\.id"/,
  );
  for (const processor of [{}, { type: 3 }, [], "x", { type: "TemplateProcessing", single: 5 }, { type: "Nothing" }])
    refused(
      `a post_processor ${JSON.stringify(processor)}`,
      "tokenizer.json",
      (json) => {
        json["post_processor"] = processor;
      },
      /tokenizer\.json/,
    );
});

test("a pattern that never ends: in time an error that names the file", (t) => {
  const dir = scratchCopy(t, "models", golden);
  editJson(path.join(dir, "tokenizer.json"), (json) => {
    (json as TokenizerJson).pre_tokenizer.pretokenizers[0]!["pattern"] = { Regex: "(a+)+$" };
  });
  const tokenizer = loadTokenizer(dir);
  assert.ok(tokenizer.encode("Lima").ids.length > 1, "a text on which it ends");
  assert.throws(
    () => tokenizer.encode(`${"a".repeat(40)}b`),
    userError(/tokenizer\.json: expected a pre_tokenizer whose pattern ends, got none within \d+ s/),
  );
});

describe("an added token without a row in the embedding", () => {
  const rows = 340;
  const padded = (t: Parameters<typeof scratchCopy>[0], contents: string[]): string => {
    const dir = scratchCopy(t, "models", golden);
    editJson(path.join(dir, "tokenizer.json"), (json) => {
      const { added_tokens: added } = json as TokenizerJson;
      for (const [i, content] of contents.entries()) added.push({ ...added.at(-1), id: rows + i, content });
    });
    return dir;
  };
  test("does no harm where no text has it: the same ids as without", (t) => {
    const { tokenizer } = openCheckpoint(padded(t, ["<pad>", "<mask>"]));
    const plain = loadTokenizer(goldenPath("models", golden));
    const prompt = [{ role: "user" as const, content: "Where is Lima? pad>" }];
    assert.deepEqual(encodePrompt(tokenizer, prompt), encodePrompt(plain, prompt));
    assert.equal(tokenizer.vocabSize, rows + 2);
    for (const use of [() => tokenizer.encode("a <mask> b"), () => tokenizer.offsets([rows], "<pad>")])
      assert.throws(use, userError(/that the model has rows for \(vocab_size 340 .+, got "<(mask|pad)>", id 34[01]/));
  });
  test("may not close a completion", (t) => {
    const dir = padded(t, ["<end>"]);
    editJson(path.join(dir, "tokenizer_config.json"), (config) => {
      config["eos_token"] = "<end>";
    });
    assert.throws(() => openCheckpoint(dir), userError(/a tokenizer with at most 340 ids .+, got ids up to 340/));
  });
});

test("a pipe in a folder is no part of a model", { skip: process.platform === "win32" }, (t) => {
  for (const name of ["model.safetensors", "config.json", "tokenizer.json", "chat_template.jinja"]) {
    const dir = scratchCopy(t, "models", golden);
    rmSync(path.join(dir, name), { force: true });
    execFileSync("mkfifo", [path.join(dir, name)]);
    assert.throws(() => openCheckpoint(dir), userError(new RegExp(`${name}: expected a readable .*file, got a pipe`)));
    assert.throws(() => policyHash(dir), userError(new RegExp(`${name}: expected a readable file, got a pipe`)));
  }
});
