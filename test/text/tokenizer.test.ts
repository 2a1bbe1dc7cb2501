/** Token ids, offsets and decoding against transformers (goldens), and every folder that must be refused. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Rng } from "../../lib/base/rng";
import { checkVocabulary, loadTokenizer } from "../../lib/text/tokenizer";
import { userError } from "../golden/fixtures";
import { goldenPath, readGolden } from "../golden/golden";

interface Vectors {
  vocabSize: number;
  bosId: number | null;
  eosId: number;
  padId: number | null;
  encodings: { text: string; ids: number[]; offsets: [number, number][]; decoded: string }[];
  lossy: { ids: number[]; decoded: string }[];
}

const families = ["plain", "llama3", "qwen2", "llama2", "metaspace"] as const;

for (const family of families) {
  describe(`the ${family} tokenizer`, () => {
    const golden = readGolden<Vectors>("text", family, "vectors.json");
    const tokenizer = loadTokenizer(goldenPath("text", family));

    test("has the special tokens transformers sees", () => {
      const { vocabSize, bosId, eosId, padId } = golden;
      assert.deepEqual(
        [tokenizer.vocabSize, tokenizer.bosId, tokenizer.eosId, tokenizer.padId],
        [vocabSize, bosId ?? undefined, eosId, padId ?? undefined],
      );
      assert.deepEqual(tokenizer.eosIds, [eosId]);
    });

    test("gives the ids of transformers", () => {
      for (const { text, ids } of golden.encodings)
        assert.deepEqual(tokenizer.encode(text).ids, ids, JSON.stringify(text));
    });

    test("gives the offsets of transformers", () => {
      let composed = 0;
      for (const { text, offsets } of golden.encodings) {
        const { starts, ends } = tokenizer.encode(text);
        const ours = starts.map((start, i) => [start, ends[i]!]);
        const changed = family === "qwen2" && text !== text.normalize("NFC");
        // Known difference: of characters that NFC joins, transformers reports the first part, we report all.
        if (changed)
          ours.forEach(([start, end], i) =>
            assert.ok(start! <= offsets[i]![0] && end! >= offsets[i]![1], `${JSON.stringify(text)} token ${i}`),
          );
        else assert.deepEqual(ours, offsets, JSON.stringify(text));
        composed += changed ? 1 : 0;
      }
      assert.equal(composed > 0, family === "qwen2");
    });

    test("decodes as transformers does, sequences that are not UTF-8 too", () => {
      for (const { ids, decoded } of [...golden.encodings, ...golden.lossy])
        assert.equal(tokenizer.decode(ids), decoded);
    });

    test("finds the offsets of any sampled ids in their own text", () => {
      const rng = new Rng(`sampled/${family}`);
      for (let i = 0; i < 500; i++) {
        const ids = Array.from({ length: rng.int(20) }, () => rng.int(tokenizer.vocabSize));
        const text = tokenizer.decode(ids);
        const { starts, ends } = tokenizer.offsets(ids, text);
        assert.equal(starts.length, ids.length);
        let covered = 0;
        starts.forEach((start, k) => {
          assert.ok(
            start <= covered && (start < ends[k]! || text === "") && ends[k]! >= covered,
            `token ${k} of ${JSON.stringify(text)}`,
          );
          covered = ends[k]!;
        });
        assert.equal(covered, text.length);
      }
    });
  });
}

test("tokens of one emoji share its offsets; the letters around it keep theirs", () => {
  const { starts, ends } = loadTokenizer(goldenPath("text", "plain")).encode("a\u{1f600}b");
  assert.deepEqual(starts, [0, 1, 1, 1, 1, 3]);
  assert.deepEqual(ends, [1, 3, 3, 3, 3, 4]);
});

test("offsets refer to the original where NFC joins characters", () => {
  const tokenizer = loadTokenizer(goldenPath("text", "qwen2"));
  const { ids, starts, ends } = tokenizer.encode("xe\u0301y \u1112\u1161\u11ab.");
  assert.equal(tokenizer.decode(ids), "x\u00e9y \ud55c.");
  assert.deepEqual(starts, [0, 1, 1, 3, 4, 5, 5, 5, 8]);
  assert.deepEqual(ends, [1, 3, 3, 4, 5, 8, 8, 8, 9]);
});

test("ids sampled in a form that is not NFC are found in their own text, unchanged", () => {
  const tokenizer = loadTokenizer(goldenPath("text", "qwen2"));
  const ids = [...tokenizer.encode("e").ids, ...tokenizer.encode("\u0301").ids];
  assert.equal(tokenizer.decode(ids), "e\u0301");
  assert.deepEqual(tokenizer.offsets(ids, "e\u0301"), { starts: [0, 1, 1], ends: [1, 2, 2] });
});

test("a lone surrogate is one character of three bytes", () => {
  const tokenizer = loadTokenizer(goldenPath("text", "plain"));
  const { starts, ends } = tokenizer.encode("a\ud83db");
  assert.deepEqual([starts[0], starts.at(-1), ends.at(-1)], [0, 2, 3]);
});

test("special tokens spelled in a text are one token, at their place", () => {
  const tokenizer = loadTokenizer(goldenPath("text", "llama3"));
  const { ids, starts, ends } = tokenizer.encode("x<|eot_id|>y");
  assert.equal(ids[1], tokenizer.eosId);
  assert.deepEqual(
    [starts, ends],
    [
      [0, 1, 11],
      [1, 11, 12],
    ],
  );
});

describe("bad ids", () => {
  const tokenizer = loadTokenizer(goldenPath("text", "plain"));
  test("that spell another text, or only part of it", () => {
    const { ids } = tokenizer.encode("Paris is large.");
    assert.throws(() => tokenizer.offsets(ids, "Paris is larger."), userError(/differs from character 14/));
    assert.throws(() => tokenizer.offsets(ids.slice(1), "Paris is large."), userError(/differs from character 0/));
    assert.throws(() => tokenizer.offsets([], "x"), userError(/spell the text/));
    assert.deepEqual(tokenizer.offsets([], ""), { starts: [], ends: [] });
  });
  test("outside the vocabulary", () => {
    for (const id of [tokenizer.vocabSize, -1, 1.5])
      assert.throws(() => tokenizer.decode([id]), userError(/token id of this tokenizer/));
  });
});

test("a tokenizer with more ids than the model has rows is refused", () => {
  const tokenizer = loadTokenizer(goldenPath("text", "plain"));
  assert.doesNotThrow(() => checkVocabulary(tokenizer, tokenizer.vocabSize, "model"));
  assert.doesNotThrow(() => checkVocabulary(tokenizer, tokenizer.vocabSize + 8, "model"));
  assert.doesNotThrow(() => checkVocabulary(tokenizer, tokenizer.vocabSize - 1, "model"), "<|pad|> needs none");
  assert.throws(
    () => checkVocabulary(tokenizer, tokenizer.vocabSize - 2, "model"),
    userError(/^model: expected a tokenizer with at most 318 ids.*ids up to 319/),
  );
});
