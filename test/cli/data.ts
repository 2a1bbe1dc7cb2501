// Rows for the tiny golden models, whose tokenizers spell any text.
import { Rng } from "../../lib/base/rng";
import { writeJsonl } from "../../lib/base/jsonl";
import type { Question } from "../../lib/factuality/records";
import type { PreferencePair } from "../../lib/preference/pair";
import { goldenPath } from "../golden/golden";
import { pairOf } from "../preference/fixtures";

/** Llama, tied head, 2 layers of width 32, 320 ids. */
export const tinyModel = goldenPath("models", "llama-tied-mha");

/** Pairs with right and wrong sentences on both sides, of different lengths. */
export function tinyPairs(count: number): PreferencePair[] {
  const rng = new Rng("tiny pairs");
  return Array.from({ length: count }, (_, i) => {
    const letters = (first: string) =>
      first + Array.from({ length: 1 + rng.int(3) }, () => rng.pick(["S", "C", "U", "N"])).join("");
    return pairOf(`q${i}`, `${letters("S")}C`, `${letters("C")}S`);
  });
}

export function writePairs(file: string, count: number): string {
  writeJsonl(file, tinyPairs(count));
  return file;
}

/** Questions of several prompt lengths, so that they are decoded in several batches. */
export function writeQuestions(file: string, count: number): string {
  const rows: Question[] = Array.from({ length: count }, (_, i) => ({
    id: `q${i}`,
    topic: `t${i}`,
    prompt: [{ role: "user", content: `Tell me${" more".repeat(i % 3)} about t${i}.` }],
  }));
  writeJsonl(file, rows);
  return file;
}
