/** The overview's figures say what the masks do. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PlotData } from "plotly.js";
import { candidatesFigure, masksFigure, mostMixedPair } from "../../lib/paper/figure1";
import { candidate, pairOf, question } from "../preference/fixtures";

const mixed = pairOf("q", "SCSN", "SCUS");

test("the pair with most to mask is found", () => {
  assert.equal(mostMixedPair([pairOf("a", "SS", "CC"), mixed, pairOf("b", "SC", "CS")]), mixed);
  assert.throws(() => mostMixedPair([]), RangeError);
});

test("DPO learns every sentence, Mask-DPO the right of chosen and the wrong of rejected", () => {
  const bars = masksFigure(mixed).data.flatMap((trace) => {
    const { name, y, marker, hovertext } = trace as PlotData & { hovertext: string[] };
    return (y as string[]).map((row, i) => ({
      row,
      verdict: name[0]!,
      faded: (marker.opacity as number[])[i]! < 1,
      text: hovertext[i]!,
    }));
  });
  assert.equal(bars.length, 4 * 4);
  for (const { row, verdict, faded, text } of bars) {
    const wrong = "CU".includes(verdict);
    const kept = row.startsWith("DPO") || (row.includes("chosen") ? !wrong : wrong);
    assert.equal(faded, !kept, `${row}: ${verdict}`);
    assert.equal(text.endsWith("(masked)"), faded);
  }
});

test("another notebook's figure has a name of its own", () => {
  assert.deepEqual([masksFigure(mixed).name, masksFigure(mixed, "10-masks").name], ["00-masks", "10-masks"]);
});

test("candidates stand by falling score, chosen and rejected named", () => {
  const candidates = ["CC", "SS", "SC"].map((letters, i) => candidate("q", i, letters));
  const pair = { ...pairOf("q", "SS", "CC"), chosen: candidates[1]!, rejected: candidates[0]! };
  const { layout, runs } = candidatesFigure(
    { candidates, questions: [question("q")], pairs: [pair], report: {} as never, runs: ["candidates-1"] },
    pair,
  );
  assert.deepEqual(layout.yaxis!.categoryarray, [
    "candidate 2: 100 %, chosen",
    "candidate 3: 50 %",
    "candidate 1: 0 %, rejected",
  ]);
  assert.deepEqual(runs, ["candidates-1"]);
});
