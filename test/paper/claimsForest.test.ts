/** The picture of all claims: who is in it, in which order, with which number of the paper and which look. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PlotData } from "plotly.js";
import { recordNumbers } from "../../lib/lab/headline";
import { claimsForest } from "../../lib/paper/claimsForest";
import { fakeSession } from "./appendixFixture";

test("claims of the paper in the notebooks' order, the real model's named, others left out", (t) => {
  const session = fakeSession(t);
  assert.equal(claimsForest(session.figures), undefined, "nothing was recorded");
  const here = (value: number) => ({ value, low: value - 1, high: value + 1 });
  const claim = (what: string, value: number, paper: number | null, verdict: "shown" | "not shown") => ({
    what,
    unit: "points",
    paper,
    here: here(value),
    verdict,
  });
  recordNumbers(session, "10", [claim("C", 2, null, "shown")]);
  recordNumbers(session, "02", [
    claim("A", 3, 9, "shown"),
    claim("B", -1, 4, "not shown"),
    { what: "no claim", unit: "%", paper: 1, here: here(1) },
    { what: "no interval", unit: "points", paper: 1, here: 5, verdict: "undecided" },
  ]);
  recordNumbers(session, "11", [claim("another method's", 1, null, "shown")]);
  const figure = claimsForest(session.figures)!;
  const traces = figure.data as PlotData[];
  const ticks = (figure.layout.yaxis as { ticktext: string[] }).ticktext;
  assert.deepEqual(ticks, ["A", "B", "C"]);
  assert.deepEqual(
    traces.map(({ name, x, y }) => [name, x, y]),
    [
      ["shown", [3, 2], [0, 2]],
      ["not shown", [-1], [1]],
      ["paper", [9, 4], [0, 1]],
    ],
  );
  assert.equal(new Set(traces.map(({ marker }) => marker.symbol)).size, 3, "told apart without colour");
});
