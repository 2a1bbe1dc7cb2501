// A model that says what it is told to: behind a line's end a given text, character by character. Its layers add
// nothing, so that each token follows from the one before.
import path from "node:path";
import type { TestContext } from "node:test";
import { openCheckpoint, writeCheckpoint } from "../../lib/model/checkpoint";
import { weightShapes } from "../../lib/model/weights";
import { scratch } from "../golden/fixtures";
import { tinyModel } from "../cli/data";

/**
 * Its folder, with the tokenizer of the tiny model.
 * @param text at most 31 characters, all different
 * @param ends whether the end token follows the text, or its beginning again
 */
export function scriptedModel(t: TestContext, text: string, { ends = true, maxPositions = 16_384 } = {}): string {
  const { config: tiny, tokenizer } = openCheckpoint(tinyModel);
  const config = { ...tiny, tied: false, maxPositions };
  const ids = [...`\n${text}`].map((character) => {
    const [id, ...more] = tokenizer.encode(character).ids;
    if (more.length > 0) throw new Error(`${character} is no single token`);
    return id!;
  });
  if (new Set(ids).size < ids.length || ids.length > config.hiddenSize) throw new Error("a token comes twice");
  const D = config.hiddenSize;
  const tensors = new Map(
    [...weightShapes(config)].map(([name, shape]) => {
      const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
      if (name.endsWith("norm.weight")) data.fill(1);
      if (name.endsWith("embed_tokens.weight")) ids.forEach((id, place) => (data[id * D + place] = 1));
      if (name === "lm_head.weight")
        ids.forEach((_, place) => {
          const next = ids[place + 1] ?? (ends ? tokenizer.eosId : ids[1]!);
          data[next * D + place] = 100; // certain at any temperature
        });
      return [name, { shape, data }];
    }),
  );
  const dir = path.join(scratch(t), "scripted");
  writeCheckpoint(dir, config, tensors, tinyModel);
  return dir;
}
