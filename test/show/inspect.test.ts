/** Pairs in a notebook: kept and masked without style or script. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspectBundle, type InspectPair, type InspectSide } from "../../lib/show/inspect";
import { inOrder } from "../golden/fixtures";
import { hostile, side, right, pair } from "./examplePairs";

test("the notebook form: kept, masked and verdict letters without style or script, hostile text escaped", () => {
  const { html } = inspectBundle([pair(1, hostile)]);
  const bare = html!.replace(/ style="[^"]*"/g, "");
  assert.ok(
    bare.includes(
      '<b title="supported">S</b><u>Town</u><u> 1</u><u> lies</u><u> in</u><u> France.</u>' +
        '<b title="contradictory">C</b><s> It</s>',
    ),
  );
  assert.ok(!/<script|<img|onerror="window/.test(html!));
  assert.match(
    inspectBundle([pair(1)]).text,
    inOrder(
      /chosen 0\.60: \[S\] Town 1 lies in France\. \[C\] \{It has \d+ people\.\} \[N\] Enjoy!\n/,
      /rejected 0\.50: \[C\] Town 1 lies in Spain\. \[U\] Many say it is old\.$/,
    ),
  );
});

test("tokens of no text and parts of one character keep the text whole; bad tokens are refused", () => {
  const base = side([["Hi 🙂!", "supported"]], right, 1);
  const split = {
    ...base,
    tokens: [
      [0, 2],
      [2, 5],
      [3, 5],
      [5, 6],
      [6, 6],
    ].map(([start, end]) => ({ start: start!, end: end!, kept: true, sentence: 0 })),
  };
  const one = (chosen: InspectSide): InspectPair => ({
    questionId: "q",
    topic: "t",
    prompt: "p",
    sides: { chosen, rejected: base },
  });
  assert.match(inspectBundle([one(split)]).text, /chosen 1\.00: \[S\] Hi 🙂!\n/);
  const token = { start: 0, end: 2, kept: true, sentence: 0 };
  assert.throws(
    () => inspectBundle([one({ ...base, tokens: [{ ...token, end: 9 }] })]),
    /tokens of q in order inside 6 characters, got 0-9/,
  );
  assert.throws(() => inspectBundle([one({ ...base, tokens: [{ ...token, start: 1 }, token] })]), /in order/);
  assert.throws(() => inspectBundle([one({ ...base, tokens: [{ ...token, sentence: 1 }] })]), /a sentence below 1/);
});
