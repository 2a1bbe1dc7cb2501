/** Tokenizer folders: special tokens, and what is refused. */
import assert from "node:assert/strict";
import { rmSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { loadTokenizer } from "../../lib/text/tokenizer";
import { editJson, scratchCopy, userError } from "../golden/fixtures";

describe("special tokens come from", () => {
  test("a list of end tokens in generation_config.json", (t) => {
    const dir = scratchCopy(t, "text", "llama3");
    writeFileSync(path.join(dir, "generation_config.json"), JSON.stringify({ eos_token_id: [336, 339] }));
    const { eosId, eosIds } = loadTokenizer(dir);
    assert.deepEqual([eosId, eosIds], [339, [339, 336]]);
  });
  test("token objects, as older configs hold them", (t) => {
    const dir = scratchCopy(t, "text", "llama3");
    editJson(path.join(dir, "tokenizer_config.json"), (c) => {
      c.bos_token = { __type: "AddedToken", content: "<|begin_of_text|>", lstrip: false };
    });
    assert.equal(loadTokenizer(dir).bosId, 335);
  });
  test("special_tokens_map.json where the config names none", (t) => {
    const dir = scratchCopy(t, "text", "llama3");
    rmSync(path.join(dir, "tokenizer_config.json"));
    writeFileSync(
      path.join(dir, "special_tokens_map.json"),
      JSON.stringify({ eos_token: { content: "<|end_of_text|>" } }),
    );
    const { eosId, bosId } = loadTokenizer(dir);
    assert.deepEqual([eosId, bosId], [336, undefined]);
  });
});

describe("a folder is refused", () => {
  const spoiled = (name: string, spoil: (dir: string) => void, message: RegExp) => {
    test(name, (t) => {
      const dir = scratchCopy(t, "text", "plain");
      spoil(dir);
      assert.throws(() => loadTokenizer(dir).encode("Paris is caf\u00e9."), userError(message));
    });
  };
  const edited = (edit: (json: TokenizerJson) => void) => (dir: string) =>
    editJson(path.join(dir, "tokenizer.json"), (json) => edit(json as unknown as TokenizerJson));

  spoiled(
    "without tokenizer.json",
    (dir) => rmSync(path.join(dir, "tokenizer.json")),
    /tokenizer\.json: expected a readable file, got ENOENT/,
  );
  spoiled(
    "with half a tokenizer.json",
    (dir) => truncateSync(path.join(dir, "tokenizer.json"), 5000),
    /tokenizer\.json: expected one JSON value/,
  );
  spoiled(
    "with JSON that is no tokenizer",
    (dir) => writeFileSync(path.join(dir, "tokenizer.json"), "[]"),
    /tokenizer\.json: expected a valid row/,
  );
  spoiled(
    "with a WordPiece model",
    edited((json) => {
      json.model.type = "WordPiece";
    }),
    /got a WordPiece model/,
  );
  spoiled(
    "with another pre-tokenizer",
    edited((json) => {
      json.pre_tokenizer = { type: "Metaspace" };
    }),
    /got pre-tokenizer "Metaspace"/,
  );
  spoiled(
    "that adds a space in front",
    edited((json) => {
      json.pre_tokenizer.add_prefix_space = true;
    }),
    /add_prefix_space, which changes the text/,
  );
  spoiled(
    "that lowercases",
    edited((json) => {
      json.normalizer = { type: "Lowercase" };
    }),
    /normaliser "Lowercase", which changes the text/,
  );
  spoiled(
    "whose eos_token is not in the vocabulary",
    (dir) =>
      editJson(path.join(dir, "tokenizer_config.json"), (c) => {
        c.eos_token = "</s>";
      }),
    /expected eos_token "<\/s>" in the vocabulary/,
  );
  spoiled(
    "without any end token",
    (dir) =>
      editJson(path.join(dir, "tokenizer_config.json"), (c) => {
        delete c.eos_token;
      }),
    /expected an eos_token/,
  );
  spoiled(
    "whose alphabet lacks a byte of the text",
    edited((json) => {
      delete json.model.vocab["\u00a9"];
    }),
    /expected tokens that spell the text.*differs from character 12/,
  );
});

interface TokenizerJson {
  model: { type: string; vocab: Record<string, number> };
  pre_tokenizer: { type: string; add_prefix_space?: boolean };
  normalizer: { type: string } | null;
}
