/** What a run ends with is made of all numbers that are kept, those of earlier runs too. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { recordNumbers, type HeadlineNumber } from "../../lib/lab/headline";
import { leaveClosing } from "../../lib/notebook/closing";
import { fakeSession } from "../paper/appendixFixture";

test("the closing table and figure follow the numbers, whichever notebook left them", async (t) => {
  const session = fakeSession(t);
  const claim = (what: string, value: number, topics?: number): HeadlineNumber => ({
    ...{ what, unit: "points", paper: 9, here: { value, low: value - 1, high: value + 1 } },
    ...(topics ? { verdict: "too few topics", topics } : { verdict: "shown, smaller" }),
  });
  const [table, figure] = ["paper-vs-here.md", "claims.svg"].map((name) => path.join(session.figures, name));
  await leaveClosing(session);
  assert.ok(existsSync(table!) && !existsSync(figure!), "without a claim there is nothing to draw");
  recordNumbers(session, "03", [claim("kept from before", 3)]);
  recordNumbers(session, "02", [claim("run now", 2, 6)]);
  const { rows } = await leaveClosing(session);
  for (const file of [table!, figure!]) {
    const text = readFileSync(file, "utf8");
    assert.ok(text.includes("run now") && text.includes("kept from before"), file);
  }
  assert.deepEqual(
    rows.map(({ verdict }) => verdict),
    ["too few topics (6)", "shown, smaller"],
  );
});
