/** What is published says which runs it is from: those of its rows, curves and sources, and no others. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { runFolder } from "../../lib/base/runFolder";
import { armTable, claimsTable } from "../../lib/evaluation/armTables";
import { scoreCurve } from "../../lib/evaluation/charts";
import { measured } from "../../lib/evaluation/claims";
import { measures, type AnswerTotals, type Measure } from "../../lib/evaluation/answerTotals";
import { claimNumber, recordNumbers } from "../../lib/lab/headline";
import { provenanceOf, publishTable } from "../../lib/lab/publish";
import { Rng } from "../../lib/base/rng";
import { curveFigure, panelsFigure } from "../../lib/show/figure/curves";
import { palette } from "../../lib/show/palette";
import { tableRuns } from "../../lib/show/table";
import { userError } from "../golden/fixtures";
import { fakeSession } from "../paper/appendixFixture";

/** Two topics with answers of ten sentences, so many of them wrong. */
function totals(wrong: number): AnswerTotals {
  const sums = Object.fromEntries(measures.map((name) => [name, [1, 1]])) as Record<Measure, number[]>;
  return { topics: ["a", "b"], sums: { ...sums, sentences: [10, 10], incorrect: [wrong, wrong + 1] } };
}

test("rows, claims, curves and numbers carry their runs into the record", (t) => {
  const session = fakeSession(t);
  const run = (seed: number): string => path.basename(runFolder(session.runs, "experiment", { seed }));
  const [one, two, three] = [run(7), run(8), run(9)];
  run(10); // of something else that this process did
  const arm = (label: string, runs: string[], wrong: number) => ({ label, runs, seeds: [totals(wrong)] });
  const [more, less] = [arm("more", [two, one], 1), arm("less", [three], 4)];
  const claim = measured({ text: "more > less", source: "Table 0", printed: 1, higher: more, lower: less }, new Rng(1));
  const curve = (of: typeof more) => scoreCurve(of.label, palette.base, [{ x: 1, arm: of }], new Rng(1));

  assert.deepEqual(tableRuns(armTable(session, "x", "c", [{ arm: more }, { arm: less }])), [one, two, three].sort());
  assert.deepEqual(tableRuns(armTable(session, "x", "c", [{ arm: less }])), [three]);
  assert.deepEqual(tableRuns({ runs: [one], rows: [{ label: "no run of its own" }] }), [one]);
  assert.deepEqual(tableRuns(claimsTable("x", [claim])), [one, two, three].sort());
  const axes = { name: "x", title: "x", xTitle: "x" };
  assert.deepEqual(curveFigure({ ...axes, yTitle: "y", curves: [curve(less)] }).runs, [three]);
  assert.deepEqual(panelsFigure({ ...axes, panels: [{ title: "a", curves: [curve(more)] }] }).runs, [one, two].sort());

  publishTable(session, armTable(session, "02-x", "c", [{ arm: less }]), { runs: [one] });
  recordNumbers(session, "02", [claimNumber(claim)]);
  const read = (file: string) =>
    JSON.parse(readFileSync(path.join(session.figures, file), "utf8")) as {
      run: { runs: string[]; seeds: number[] };
      numbers: object[];
    };
  const record = read("02-x.table.json").run;
  assert.deepEqual([record.runs, record.seeds], [[one, three].sort(), [3, 7, 9]]);
  const numbers = read("02-numbers.json");
  assert.deepEqual([numbers.run.runs, numbers.run.seeds], [[one, two, three].sort(), [3, 7, 8, 9]]);
  assert.ok(!("runs" in numbers.numbers[0]!), "said once for all of them");
});

test("a run that is not there is an error", (t) => {
  assert.throws(
    () => provenanceOf(fakeSession(t), { runs: ["pairs-00000000"] }),
    userError(/run\.json: expected a readable file/),
  );
});
