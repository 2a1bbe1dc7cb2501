/** Objectives that become others: equal losses and gradients, on rows drawn at random. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { lossOf, onRows, rows, same, sidesOfTokens, zeros, type Named, type Row } from "./rows";

const beta = 0.4;

/** Loss and gradient of the first are those of the second on any row. */
const equalities: [Named, Named][] = [
  [
    ["cdpo", { beta, labelSmoothing: 0 }],
    ["dpo", { beta }],
  ],
  [
    ["robust", { beta, labelSmoothing: 0 }],
    ["dpo", { beta }],
  ],
  [
    ["ld-dpo", { beta, alpha: 1 }],
    ["dpo", { beta }],
  ],
  [
    ["dpop", { beta, lambda: 0 }],
    ["dpo", { beta }],
  ],
  [
    ["flex-dpo", { betaChosen: beta, betaRejected: beta }],
    ["dpo", { beta }],
  ],
  [
    ["f-dpo", { beta, lambda: 0 }],
    ["dpo", { beta }],
  ],
  [
    ["tis-dpo", { beta }],
    ["dpo", { beta }],
  ],
  [
    ["tdpo2", { beta, alpha: 0 }],
    ["dpo", { beta }],
  ],
  [
    ["dpo-sft", { beta, alpha: 0 }],
    ["dpo", { beta }],
  ],
  [["orpo", { lambda: 0 }], ["sft"]],
  [
    ["kto", { beta, z0: 0 }],
    ["apo-zero", { beta }],
  ],
  [
    ["fkto", { beta, z0: 0.2, sentenceWeight: 0 }],
    ["kto", { beta, z0: 0.2 }],
  ],
];
for (const [a, b] of equalities)
  test(`${a[0]} ${JSON.stringify(a[1])} is ${b[0]}`, () =>
    onRows(rows, (row) => same(a, b, { ...row, sentenceZ0: 0 })));

test("where a condition holds: sides of one length, one token, labels alike, a chosen side that has gained", () => {
  const equal = rows.map(({ chosen, rejected }) => {
    const one = (weights: number[]) => weights.map(() => 1);
    const cut = <T>(values: T[]) => values.slice(0, Math.min(chosen.logps.length, rejected.logps.length));
    const side = ({ logps, reference, weights }: typeof chosen) => ({
      logps: cut(logps),
      reference: cut(reference),
      weights: one(cut(weights)),
    });
    return { chosen: side(chosen), rejected: side(rejected) };
  });
  const single = fc.record({ chosen: sidesOfTokens, rejected: sidesOfTokens }).map(({ chosen, rejected }) => {
    const first = ({ logps, reference }: typeof chosen) => ({ logps: [logps[0]!], reference: [reference[0]!] });
    return { chosen: first(chosen), rejected: first(rejected) };
  });
  onRows(equal, (row) => {
    const n = row.chosen.logps.length;
    same(["ld-dpo", { beta, alpha: 0.2 }], ["dpo", { beta }], row);
    same(["dpo-norm", { beta: n * beta }], ["dpo", { beta }], row);
  });
  onRows(single, (row) => same(["ipo-sum", { tau: 0.3 }], ["ipo", { tau: 0.3 }], row));
  onRows(rows, ({ chosen, rejected }) => {
    const alike = { chosen: { ...chosen, label: 1 as const }, rejected: { ...rejected, label: 1 as const } };
    same(["f-dpo", { beta, lambda: 7 }], ["dpo", { beta }], alike);
    const gained = { chosen: { ...chosen, reference: chosen.logps.map((x) => x - 0.1) }, rejected };
    same(["dpop", { beta, lambda: 7 }], ["dpo", { beta }], gained);
    // log W is a mean of log-probabilities minus logs of sums of squares: 0 where they are equal
    const weighed = (side: typeof chosen, by: number) => ({ ...side, logSumSquares: side.logps.map((x) => x - by) });
    const certain = { chosen: weighed(chosen, 0), rejected: weighed(rejected, 0) };
    same(["wpo", { beta }], ["dpo", { beta }], certain);
    const unlikely = { chosen: weighed(chosen, -0.5), rejected: weighed(rejected, 0.2) };
    same(["wpo", { beta }], ["dpo", { beta }], unlikely, Math.exp(-0.3));
    const flat = { chosen: { ...chosen, kl: zeros(chosen.kl) }, rejected: { ...rejected, kl: zeros(rejected.kl) } };
    same(["tdpo1", { beta }], ["dpo", { beta }], flat);
    same(["tis-dpo", { beta, alpha: 0.5 }], ["dpo", { beta }], flat);
  });
});
test("CPO without its term is DPO with a uniform reference; SimPO without a margin DPO by means with one", () => {
  onRows(rows, ({ chosen, rejected }) => {
    const uniform = (side: typeof chosen) => ({ ...side, reference: zeros(side.logps) });
    const row = { chosen: uniform(chosen), rejected: uniform(rejected) };
    same(["cpo", { beta, alpha: 0 }], ["dpo", { beta }], row);
    same(["simpo", { beta, gammaRatio: 0 }], ["dpo-norm", { beta }], row);
    same(["slic-hf", { delta: 1, lambda: 0 }], ["hinge", { beta: 1 }], row);
  });
});

test("a sentence as long as its side, and nothing else, is twice a KTO of the two sides, halved by their mean", () => {
  onRows(rows, ({ chosen, rejected }) => {
    const whole = (side: typeof chosen, label: 0 | 1) => ({
      ...side,
      sentences: [{ start: 0, end: side.logps.length, label }],
    });
    const row = { chosen: whole(chosen, 0), rejected: whole(rejected, 1), z0: 0.2, sentenceZ0: 0.2 };
    same(["fkto", { sequenceWeight: 0, sentenceBeta: beta }], ["kto", { beta }], row);
  });
});

test("what a hallucination weighs, and what is not there: lambda 0, no label, no token that counts", () => {
  const side = (label: 0 | 1 | undefined, weights = [1, 1]) => ({
    logps: [-1, -2],
    reference: [-1.5, -1],
    weights,
    ...(label !== undefined && { sentences: [{ start: 0, end: 1, label }] }),
  });
  const zeros = { z0: 0, sentenceZ0: 0 };
  const loss = (row: Row, options = {}) => lossOf("fkto", { sequenceWeight: 0, ...options }, row).loss;
  assert.equal(loss({ chosen: side(1), rejected: side(1), ...zeros }, { sentenceLambdaUndesirable: 0 }), 0);
  assert.equal(loss({ chosen: side(undefined), rejected: side(undefined) }, { z0: 0 }), 0);
  const one = loss({ chosen: side(0), rejected: side(undefined), ...zeros });
  assert.equal(loss({ chosen: side(0), rejected: side(1, [0, 1]), ...zeros }), one);
});

test("weights of a mask are Mask-DPO, all weights times c is beta times c", () => {
  onRows(rows, ({ chosen, rejected }) => {
    const masked = (side: typeof chosen, c: number) => ({ ...side, weights: side.weights.map((w) => (w > 0 ? c : 0)) });
    const row = (c: number) => ({ chosen: masked(chosen, c), rejected: masked(rejected, c) });
    same(["tis-dpo", { beta }], ["dpo", { beta }], row(1));
    assert.ok(
      Math.abs(lossOf("tis-dpo", { beta }, row(1.3)).loss - lossOf("dpo", { beta: 1.3 * beta }, row(1)).loss) < 1e-12,
    );
  });
});
