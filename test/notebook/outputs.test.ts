/** Collecting outputs: joining, updating, the size limits; and the canonical form of what is collected. */
import assert from "node:assert/strict";
import path from "node:path";
import test from "node:test";
import { projectRoot } from "../../lib/base/files";
import { canonicalNotebook } from "../../lib/notebook/canonical";
import type { Notebook } from "../../lib/notebook/notebook";
import { CellCollector, type Displays, MAX_DISPLAY_CHARS, MAX_STREAM_CHARS } from "../../lib/notebook/outputs";

const display = (text: string, id?: string) => ({
  data: { "text/plain": text },
  metadata: {},
  transient: { display_id: id },
});

test("streams are joined, displays updated in place, also from a later cell", () => {
  const displays: Displays = new Map();
  const first = new CellCollector(displays);
  for (const [name, text] of [
    ["stdout", "a"],
    ["stdout", "b"],
    ["stderr", "c"],
    ["stdout", "d"],
  ])
    first.add("stream", { name, text });
  first.add("display_data", display("old", "x"));
  new CellCollector(displays).add("update_display_data", display("new", "x"));
  assert.deepEqual(
    first.outputs().map((output) => output.text ?? output.data),
    ["ab", "c", "d", { "text/plain": "new" }],
  );
});

test("a display that was emptied is no output", () => {
  const cell = new CellCollector(new Map());
  cell.add("display_data", display("work 1/2", "x"));
  cell.add("display_data", display("kept"));
  cell.add("update_display_data", { data: {}, metadata: {}, transient: { display_id: "x" } });
  assert.deepEqual(
    cell.outputs().map(({ data }) => data),
    [{ "text/plain": "kept" }],
  );
});

test("clear_output with wait clears when the next output comes", () => {
  const cell = new CellCollector(new Map());
  cell.add("stream", { name: "stdout", text: "old" });
  cell.add("clear_output", { wait: true });
  assert.equal(cell.outputs().length, 1);
  cell.add("stream", { name: "stdout", text: "new" });
  assert.deepEqual(
    cell.outputs().map(({ text }) => text),
    ["new"],
  );
});

test("endless printing is cut with a note; too much display is refused", () => {
  const cell = new CellCollector(new Map());
  for (let i = 0; i < 3; i++)
    assert.equal(cell.add("stream", { name: "stdout", text: "x".repeat(MAX_STREAM_CHARS / 2) }), true);
  const [kept, note] = cell.outputs();
  assert.equal(String(kept!.text).length, MAX_STREAM_CHARS);
  assert.match(String(note!.text), new RegExp(`${MAX_STREAM_CHARS / 2} more characters`));
  assert.equal(cell.add("display_data", display("x".repeat(MAX_DISPLAY_CHARS + 1))), false);
});

test("what is written does not depend on the machine: paths, ids, times, key order", () => {
  const cell = (metadata: Record<string, unknown>) => ({ cell_type: "code" as const, metadata, source: "a\nb" });
  const notebook: Notebook = {
    nbformat: 4,
    nbformat_minor: 4,
    metadata: { widgets: {} },
    cells: [cell({ execution: { started: 1 }, scrolled: true, tags: ["x"] })],
  };
  const outputs = [
    { output_type: "stream", name: "stdout", text: `at ${path.join(projectRoot, "lib/x.ts")}\n50 %\r99 %` },
  ];
  const text = canonicalNotebook(notebook, new Map([[0, { executionCount: 1, outputs }]]), { name: "typescript" });
  assert.deepEqual(JSON.parse(text), {
    cells: [
      {
        cell_type: "code",
        execution_count: 1,
        id: "cell-0",
        metadata: { tags: ["x"] },
        outputs: [{ name: "stdout", output_type: "stream", text: [`at ${path.join("lib", "x.ts")}\n`, "99 %"] }],
        source: ["a\n", "b"],
      },
    ],
    metadata: {
      kernelspec: { display_name: "TypeScript (mask-dpo-lab)", language: "typescript", name: "mask-dpo" },
      language_info: { name: "typescript" },
    },
    nbformat: 4,
    nbformat_minor: 5,
  });
  assert.deepEqual(Object.keys((JSON.parse(text) as Notebook).cells[0]!), [
    "cell_type",
    "execution_count",
    "id",
    "metadata",
    "outputs",
    "source",
  ]);
});
