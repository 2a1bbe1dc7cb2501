/** Quick plots: lines over numbers, bars over texts, a series a group, and messages for columns that are not there. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { plot } from "../../lib/show/plot";
import { userError } from "../golden/fixtures";

const rows = [
  { step: 2, loss: 0.5, mask: "paper" },
  { step: 1, loss: 0.7, mask: "paper" },
  { step: 1, loss: 0.6, mask: "none" },
];

test("numbers give lines, texts bars; both carry every series", async () => {
  const lines = await plot(rows, "step", "loss", { by: "mask", title: "Loss" });
  assert.match(lines.text, /^\[figure plot-loss-by-step\] Loss$/);
  const [, drawn] = /"x":(\[[\d,]+\])/.exec(lines.html!)!;
  assert.deepEqual(JSON.parse(drawn!), [1, 2], "in order of x");
  for (const label of ["paper", "none"]) assert.match(lines.svg!, new RegExp(`>${label}<`));
  const bars = await plot(rows.slice(1), "mask", "loss");
  assert.match(bars.html!, /"type":"bar"/);
});

test("what cannot be drawn is refused by name", async () => {
  await assert.rejects(plot([] as typeof rows, "step", "loss"), userError(/at least one row/));
  await assert.rejects(plot(rows, "step", "mask"), userError(/row 1: expected a number in "mask", got "paper"/));
  const holes = [...rows, { step: 3 } as unknown as (typeof rows)[number]];
  await assert.rejects(plot(holes, "step", "loss"), userError(/row 4: expected a column "loss"/));
});
