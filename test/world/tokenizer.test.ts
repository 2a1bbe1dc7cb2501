import assert from "node:assert/strict";
import { test } from "node:test";
import { Rng } from "../../lib/base/rng";
import { loadTokenizer } from "../../lib/text/tokenizer";
import { loadAtlas } from "../../lib/world/atlas";
import { atlasFolder } from "../../lib/world/facts";
import { pretrainingDocuments } from "../../lib/world/render";

test("Atlas's tokenizer spells its texts back in about 59 tokens an answer", () => {
  const tokenizer = loadTokenizer(atlasFolder);
  assert.deepEqual([tokenizer.padId, tokenizer.bosId, tokenizer.eosId, tokenizer.vocabSize], [0, 1, 2, 2048]);
  const rng = new Rng("tokens");
  const draw = pretrainingDocuments(loadAtlas());
  const lengths = Array.from({ length: 500 }, () => {
    const { prompt, completion } = draw(rng);
    const ids = tokenizer.encode(completion).ids;
    assert.equal(tokenizer.decode(ids), completion);
    assert.ok(ids.every((id) => id > 2));
    assert.ok(tokenizer.encode(`${prompt[0]!.content}\n`).ids.length <= 24);
    return ids.length;
  });
  assert.ok(lengths.reduce((sum, n) => sum + n, 0) / lengths.length < 61);
  assert.ok(Math.max(...lengths) <= 90);
});
