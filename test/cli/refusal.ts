/** A folder whose files are spoilt, and what must still be there after a refusal. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { TestContext } from "node:test";
import { scratch } from "../golden/fixtures";
import { writePairs, writeQuestions } from "./data";
import { filesBelow } from "./process";

export const env = { ENGINE: "wasm" }; // starts quickly, everywhere
export const old = "an older result\n";

/** A folder with pairs, questions and an older result, and what must still be there after a refusal. */
export function bench(t: TestContext): {
  dir: string;
  pairs: string;
  questions: string;
  out: string;
  unchanged: () => void;
} {
  const dir = scratch(t);
  const out = path.join(dir, "out.jsonl");
  writeFileSync(out, old);
  return {
    dir,
    out,
    pairs: writePairs(path.join(dir, "pairs.jsonl"), 4),
    questions: writeQuestions(path.join(dir, "questions.jsonl"), 3),
    unchanged() {
      assert.equal(readFileSync(out, "utf8"), old);
      assert.deepEqual(
        filesBelow(dir).filter(
          (name) => /\.tmp$|-new$|-old$|model\.safetensors$/.test(name) && !name.startsWith("model/"),
        ),
        [],
        "something half-written",
      );
    },
  };
}

/** Rewrites line n (from 1) of a JSONL file. */
export function spoil(file: string, n: number, edit: (line: string) => string): void {
  writeFileSync(
    file,
    readFileSync(file, "utf8")
      .split("\n")
      .map((line, i) => (i === n - 1 ? edit(line) : line))
      .join("\n"),
  );
}
