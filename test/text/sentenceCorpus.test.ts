/**
 * Sentences of a corpus of our own writing (sentences.txt: texts between lines of ==, ‖ where a sentence ends), against
 * the platform's segmenter, and of FActScore's biographies as they are cut there.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { humanCandidates, readHumanLabels } from "../../lib/factuality/humanLabels";
import { readGolden } from "../golden/golden";
import { labelsFolder } from "../../lib/paper/human/study";
import { splitSentences } from "../../lib/text/sentence";

interface Marked {
  kind: string;
  text: string;
  sentences: string[];
}

function corpus(): Marked[] {
  let kind = "";
  return readFileSync(path.join(__dirname, "sentences.txt"), "utf8")
    .split(/^==(.*)\n/m)
    .slice(1)
    .flatMap((part, i) => {
      if (i % 2 === 0) {
        kind = part.trim() || kind;
        return [];
      }
      const marked = part.trim();
      return {
        kind,
        text: marked.replaceAll("‖", ""),
        sentences: marked.split("‖").map((sentence) => sentence.trim()),
      };
    });
}

const texts = (text: string): string[] => splitSentences(text).map(({ start, end }) => text.slice(start, end));

/** Ends that are right, of those found and of those there are. */
function agreement(found: readonly number[], right: readonly number[]) {
  const hits = found.filter((end) => right.includes(end)).length;
  return { hits, found: found.length, right: right.length };
}
function total(parts: ReturnType<typeof agreement>[]) {
  const sum = (key: "hits" | "found" | "right") => parts.reduce((all, part) => all + part[key], 0);
  const [precision, recall] = [sum("hits") / sum("found"), sum("hits") / sum("right")];
  return { precision, recall, f1: (2 * precision * recall) / (precision + recall) };
}
/** Where each of the sentences ends, in their order. */
function endsOf(text: string, sentences: readonly string[]): number[] {
  let from = 0;
  return sentences.map((sentence) => (from = text.indexOf(sentence, from) + sentence.length));
}

const marked = corpus();

for (const kind of new Set(marked.map((row) => row.kind)))
  test(`corpus: ${kind}`, () => {
    for (const { text, sentences } of marked.filter((row) => row.kind === kind)) {
      const thought = text.indexOf("</think>\n");
      const [first, ...rest] = sentences;
      assert.deepEqual(texts(text), thought < 0 ? sentences : [first!.split("</think>\n")[1], ...rest], text);
    }
  });

test("texts in 16 languages are cut as pySBD cuts them", () => {
  const { versions: _, ...languages } = readGolden<Record<string, Omit<Marked, "kind">[]>>("sentences.json");
  assert.ok(Object.keys(languages).length >= 16);
  for (const { text, sentences } of Object.values(languages).flat()) assert.deepEqual(texts(text), sentences, text);
});

test("the platform's segmenter knows fewer of these ends", () => {
  const ends = marked.reduce((count, { sentences }) => count + sentences.length, 0);
  assert.ok(ends >= 200, `${ends} ends`);
  const segmenter = new Intl.Segmenter("en", { granularity: "sentence" });
  const platform = marked.map(({ text, sentences }) => {
    const found = [...segmenter.segment(text)].map(({ segment }) => segment.trim()).filter((segment) => segment !== "");
    return agreement(endsOf(text, found), endsOf(text, sentences));
  });
  assert.ok(total(platform).f1 < 0.9, JSON.stringify(total(platform)));
});

const folder = labelsFolder();
const skip = !folder && "no FActScore labels (MASK_DPO_FACTSCORE)";

for (const [name, least] of [
  ["ChatGPT", 0.99],
  ["InstructGPT", 0.98],
] as const)
  test(`${name}'s biographies end where FActScore cuts them`, { skip }, () => {
    const { candidates } = humanCandidates(readHumanLabels(path.join(folder!, `${name}.jsonl`)), 0);
    const parts = candidates.map(({ completion, sentences }) =>
      agreement(
        splitSentences(completion).map(({ end }) => end),
        sentences.map(({ end }) => end),
      ),
    );
    const { f1 } = total(parts);
    assert.ok(f1 >= least, `F1 ${f1.toFixed(4)}`);
  });

test("linear in the text's length, whatever the text", () => {
  const parts = [
    ".",
    "!",
    ". ",
    " .",
    "\n",
    "\r",
    " ",
    "a.",
    "A. ",
    "1. ",
    ".]",
    '."',
    "[1]",
    ".[1]",
    "```\n",
    "| a |\n",
  ];
  const others = [
    "。",
    "。」",
    "…",
    "Mr. ",
    "<think>",
    "</think>",
    "# ",
    ".*",
    "e.g. ",
    "1.1.1.1. ",
    "(",
    "．1",
    "\u0964",
    ". \t",
  ];
  const time = (text: string): number => {
    const began = performance.now();
    splitSentences(text);
    return performance.now() - began;
  };
  for (const part of [...parts, ...others]) {
    const took = time(part.repeat(Math.ceil(400_000 / part.length)));
    assert.ok(took < 20_000, `${JSON.stringify(part)}: ${took.toFixed(0)} ms for 400,000 characters`);
  }
  assert.ok(time(`${"*".repeat(400_000)}-`) < 20_000);
  assert.ok(time(`a${" ".repeat(400_000)}.${" ".repeat(400_000)}b`) < 20_000);
});
