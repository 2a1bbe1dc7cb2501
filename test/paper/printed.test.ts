/** What the library says the paper prints, against the paper's own text where that is beside the project. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { projectRoot } from "../../lib/base/files";
import { printedGain, table1, table2, table3, table4, table5, table6 } from "../../lib/paper/printed";

const file = path.join(projectRoot, "../shared/paper/mask-dpo.txt");
const options = { skip: !existsSync(file) && "the paper's text is not beside the project (shared/paper/mask-dpo.txt)" };

/** Cells of a table's rows, marks and spaces aside: from its caption to the first line of prose. */
function rowsOf(table: number): string[][] {
  const lines = readFileSync(file, "utf8").split("\n");
  const start = lines.findIndex((line) => line.startsWith(`Table ${table}:`));
  assert.ok(start >= 0, `no Table ${table} in the paper's text`);
  const below = lines.slice(start + 1);
  const end = below.findIndex((line) => line.trim() !== "" && !line.includes("\t"));
  return below.slice(0, end).map((line) => line.split("\t").map((cell) => cell.replace(/<\/?u>/g, "").trim()));
}

/** The numbers of the row of this name, those of a cell with several one after the other. */
function numbers(rows: readonly string[][], name: string): number[] {
  const row = rows.find((cells) => cells.includes(name));
  assert.ok(row, `no row ${name}`);
  return numbersIn(row);
}

const numbersIn = (cells: readonly string[]): number[] =>
  cells.filter((cell) => /^[\d. ]+$/.test(cell)).flatMap((cell) => cell.split(" ").map(Number));

test("Table 1: the last number of each evaluator, by model", options, () => {
  const rows = rowsOf(1);
  for (const [name, { score, facts, biography }] of [
    ["Llama3.1-8B", table1.base],
    ["Llama3.1-70B", table1.large],
    ["FactTune", table1.factTune],
    ["Ours", table1.maskDpo],
  ] as const) {
    const row = numbers(rows, name);
    assert.equal(row.length, 9);
    assert.deepEqual([row[2], row[5], row[8]], [score, facts, biography], name);
  }
});

test("Table 2: with and without the mask", options, () => {
  const [cells] = rowsOf(2).filter(([name]) => name === "w/o mask w/ mask");
  const [score, facts] = [numbersIn([cells![3]!]), numbersIn([cells![6]!])];
  assert.deepEqual([score[0], facts[0]], [table2.none.score, table2.none.facts], "w/o mask");
  assert.deepEqual([score[1], facts[1]], [table2.paper.score, table2.paper.facts], "w/ mask");
});

test("Table 3: by who samples", options, () => {
  const rows = rowsOf(3);
  for (const [name, { score, facts }] of [
    ["InternLM", table3.other],
    ["Llama+Doc", table3.document],
    ["Llama", table3.policy],
  ] as const) {
    const row = numbers(rows, name);
    assert.deepEqual([row[2], row[5]], [score, facts], name);
  }
});

test("Table 4: by thirds of topics, then of questions", options, () => {
  const scores = rowsOf(4).flatMap((cells) => {
    const [, score] = /^(\d\d\.\d\d)(?: \(\+[\d.]+\))?$/.exec(cells.at(-1)!) ?? [];
    return score ? [{ topics: cells[1], questions: cells[2], score: Number(score) }] : [];
  });
  const row = (topics: number, questions: number, score: number) => ({
    topics: String(topics),
    questions: String(questions),
    score,
  });
  const { topic, question } = table4;
  assert.deepEqual(scores, [
    row(894, 3, topic[0]),
    row(1788, 3, topic[1]),
    row(2682, 3, topic[2]),
    row(2682, 1, question[0]),
    row(2682, 2, question[1]),
    row(2682, 3, question[2]),
  ]);
});

test("Table 5: far and near of every embedding, and their difference", options, () => {
  const rows = rowsOf(5).filter((cells) => numbersIn(cells).length === 7 || cells[1] === "Random");
  const { base, other } = table5;
  const expected = [
    // first InternLM2-7B, the other policy, whose own embedding comes first; then Llama3.1-8B, the base
    ["InternLM2-7B", other.own],
    ["Llama3.1-8B", other.other],
    ["OpenAI", other.words],
    ["Random", other.random],
    ["InternLM2-7B", base.other],
    ["Llama3.1-8B", base.own],
    ["OpenAI", base.words],
    ["Random", base.random],
  ] as const;
  assert.equal(rows.length, expected.length);
  expected.forEach(([embedding, [far, near]], i) => {
    assert.equal(rows[i]![1], embedding);
    assert.deepEqual(numbersIn(rows[i]!).slice(-3), [far, near, printedGain(far, near)], `${embedding}, row ${i}`);
  });
});

test("Table 6: best of N", options, () => {
  const rows = rowsOf(6);
  const head = rows.find(([name]) => name === "Model")!;
  assert.deepEqual(
    head.slice(1).map((label) => Number(label.slice("Best of ".length))),
    table6.n,
  );
  assert.deepEqual(numbers(rows, "Baseline"), table6.base);
  assert.deepEqual(numbers(rows, "Mask-DPO"), table6.maskDpo);
});

test("a gain has the decimals the tables print", () => {
  assert.equal(printedGain(49.19, 77.53), 28.34);
  assert.equal(printedGain(77.53, 49.19), -28.34);
});
