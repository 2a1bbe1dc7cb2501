/** Tokenizers from GGUF metadata: ids of 200 texts as transformers has them for the tokenizer they were made of. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { readGguf } from "../../../lib/model/gguf/file";
import { ggufTokenizer } from "../../../lib/model/gguf/tokenizer";
import { loadTokenizer } from "../../../lib/text/tokenizer";
import { scratch } from "../../golden/fixtures";
import { goldenPath, readGolden } from "../../golden/golden";

const files: Readonly<Record<string, string>> = {
  "gpt-2": "vocab-gpt-2",
  "llama-bpe": "vocab-llama-bpe",
  qwen2: "vocab-qwen2",
  smollm: "vocab-smollm",
  llama: "tinyllama-1.1b",
};
const vectors = readGolden<{ texts: string[] } & Record<string, number[][]>>("gguf", "vectors.json");

for (const [kind, name] of Object.entries(files)) {
  test(`${kind}: ids of ${vectors.texts.length} texts`, (t) => {
    const dir = scratch(t);
    const made = ggufTokenizer(readGguf(goldenPath("gguf", `${name}.gguf`)), 1000);
    for (const [file, value] of Object.entries(made)) writeFileSync(path.join(dir, file), JSON.stringify(value));
    const tokenizer = loadTokenizer(dir);
    assert.equal(vectors.texts.length, 200);
    vectors.texts.forEach((text, i) => {
      const { ids } = tokenizer.encode(text);
      assert.deepEqual(ids, vectors[kind]![i], JSON.stringify(text));
    });
  });
}

test("special tokens, template, and the bos token that texts begin with", () => {
  const of = (name: string) => ggufTokenizer(readGguf(goldenPath("gguf", `${name}.gguf`)), 1000);
  const llama3 = of("vocab-llama-bpe");
  const { chat_template: template, ...config } = llama3["tokenizer_config.json"] as Record<string, unknown>;
  assert.deepEqual(config, {
    tokenizer_class: "PreTrainedTokenizerFast",
    bos_token: "<|begin_of_text|>",
    eos_token: "<|eot_id|>",
    clean_up_tokenization_spaces: false,
  });
  assert.match(String(template), /start_header_id/);
  const beginning = (files: ReturnType<typeof of>) =>
    (files["tokenizer.json"] as { post_processor: { single: unknown[] } | null }).post_processor?.single[0];
  assert.deepEqual(beginning(llama3), { SpecialToken: { id: "<|begin_of_text|>", type_id: 0 } });
  assert.deepEqual(beginning(of("tinyllama-1.1b")), { SpecialToken: { id: "<s>", type_id: 0 } });
  assert.equal(beginning(of("vocab-gpt-2")), undefined);
  const vocabulary = (of("vocab-qwen2")["tokenizer.json"] as { model: { vocab: Record<string, number> } }).model.vocab;
  assert.ok(!Object.keys(vocabulary).some((token) => token.startsWith("[PAD")), "rows of padding are no tokens");
});
