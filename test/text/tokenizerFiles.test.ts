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

describe("what is put before a text is what the post-processor puts there", () => {
  const bos = { SpecialToken: { id: "<|bos|>", type_id: 0 } };
  const end = { SpecialToken: { id: "<|endoftext|>", type_id: 0 } };
  const text = { Sequence: { id: "A", type_id: 0 } };
  const template = (...single: object[]) => ({ type: "TemplateProcessing", single, pair: [], special_tokens: {} });
  const opened = (name: string, postProcessor: object | null, addBos: boolean | undefined, want: string[]) => {
    test(name, (t) => {
      const dir = scratchCopy(t, "text", "plain");
      editJson(path.join(dir, "tokenizer.json"), (json) => {
        json.post_processor = postProcessor;
      });
      editJson(path.join(dir, "tokenizer_config.json"), (config) => {
        config.add_bos_token = addBos;
      });
      const tokenizer = loadTokenizer(dir);
      assert.deepEqual(
        tokenizer.opening.map((id) => tokenizer.decode([id])),
        want,
      );
    });
  };
  opened("nothing", null, undefined, []);
  opened("nothing, and add_bos_token says no", null, false, []);
  opened("nothing, but add_bos_token asks for it", null, true, ["<|bos|>"]);
  opened("BOS", template(bos, text), undefined, ["<|bos|>"]);
  opened("BOS once, whatever add_bos_token says", template(bos, text), true, ["<|bos|>"]);
  opened("only what stands before the text", template(text, end), undefined, []);
  opened("two tokens", template(end, bos, text, end), undefined, ["<|endoftext|>", "<|bos|>"]);
  const steps = [
    { type: "ByteLevel", add_prefix_space: true, trim_offsets: false, use_regex: true },
    template(bos, text),
  ];
  opened("one step of several", { type: "Sequence", processors: steps }, undefined, ["<|bos|>"]);
  const roberta = { type: "RobertaProcessing", sep: ["<|endoftext|>", 318], cls: ["<|bos|>", 317] };
  opened("RoBERTa's", { ...roberta, trim_offsets: true, add_prefix_space: false }, undefined, ["<|bos|>"]);

  test("a malformed one is named", (t) => {
    const dir = scratchCopy(t, "text", "plain");
    editJson(path.join(dir, "tokenizer.json"), (json) => {
      json.post_processor = { type: "TemplateProcessing", single: "$A" };
    });
    assert.throws(() => loadTokenizer(dir), userError(/post_processor: expected a valid "single"/));
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
