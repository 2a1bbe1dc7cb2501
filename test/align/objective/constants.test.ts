/** Constants where the policy is its reference, symmetries, minima, and what is held constant. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { lossOf, onRows, rows, zeros, type Named, type Row } from "./rows";

const beta = 0.4;

test("of pairs of which the share e is the wrong way round, robust DPO has the mean of DPO", () => {
  const e = 0.2;
  onRows(rows, ({ chosen, rejected }) => {
    const robust = (row: Row) => lossOf("robust", { beta, labelSmoothing: e }, row).loss;
    const turned = robust({ chosen: rejected, rejected: chosen });
    const mean = (1 - e) * robust({ chosen, rejected }) + e * turned;
    assert.ok(Math.abs(mean - lossOf("dpo", { beta }, { chosen, rejected }).loss) < 1e-10);
  });
});

test("cDPO is least at log((1 - e) / e), EXO where q = 1 - e: no gradient there, one on both sides of it", () => {
  const at = (h: number): Row => ({
    chosen: { logps: [h], reference: [0] },
    rejected: { logps: [-1], reference: [-1] },
  });
  for (const [name, e] of [
    ["cdpo", 0.2],
    ["exo", 0.01],
  ] as const) {
    const slope = (h: number) => lossOf(name, { beta: 1, labelSmoothing: e }, at(h)).chosenGradient[0]!;
    const least = Math.log((1 - e) / e);
    assert.ok(Math.abs(slope(least)) < 1e-12 && slope(least - 0.1) < -1e-4 && slope(least + 0.1) > 1e-4, name);
  }
});

test("swapping the sides negates the margin; F-DPO turns a pair of labels (1, 0) round and so does not mind", () => {
  onRows(rows, ({ chosen, rejected }) => {
    const [row, swapped] = [
      { chosen, rejected },
      { chosen: rejected, rejected: chosen },
    ];
    for (const [name, options] of [
      ["dpo", { beta }],
      ["dpo-norm", { beta }],
      ["simpo", { beta, gammaRatio: 0 }],
    ] as const) {
      const margin = (row: Row) => -Math.log(Math.expm1(lossOf(name, options, row).loss)); // of log(1 + exp(-h))
      assert.ok(Math.abs(margin(row) + margin(swapped)) < 1e-8 * Math.max(1, Math.abs(margin(row))), name);
    }
    const labels = (row: Row, of: [0 | 1, 0 | 1]): Row => ({
      chosen: { ...row.chosen, label: of[0] },
      rejected: { ...row.rejected, label: of[1] },
    });
    const one = lossOf("f-dpo", { beta, lambda: 2 }, labels(row, [0, 1]));
    const other = lossOf("f-dpo", { beta, lambda: 2 }, labels(swapped, [1, 0]));
    assert.ok(Math.abs(one.loss - other.loss) < 1e-12);
    one.chosenGradient.forEach((slope, t) => assert.ok(Math.abs(slope - other.rejectedGradient[t]!) < 1e-12));
  });
});

test("where the policy is its reference: every objective's constant, and APO-down's gradient", () => {
  const still = rows.map(({ chosen, rejected }) => {
    const side = ({ kl, ...of }: typeof chosen) => ({ ...of, reference: of.logps, kl: zeros(kl) });
    return { chosen: side(chosen), rejected: side(rejected), z0: 0, sentenceZ0: 0 };
  });
  const entropy = (e: number) => 0.5 * (Math.log(0.5 / (1 - e)) + Math.log(0.5 / e));
  const constants: [Named, number][] = [
    [["dpo", { beta }], Math.LN2],
    [["cdpo", { beta }], Math.LN2],
    [["robust", { beta }], Math.LN2],
    [["hinge", { beta }], 1],
    [["ipo", { tau: 0.2 }], 1 / 0.16],
    [["ipo-sum", { tau: 0.2 }], 1 / 0.16],
    [["dpo-norm", { beta }], Math.LN2],
    [["ld-dpo", { beta }], Math.LN2],
    [["apo-zero", { beta }], 1],
    [["apo-down", { beta }], 1],
    [["bco-pair", { beta }], 2 * Math.LN2],
    [["nca", { beta }], 2 * Math.LN2],
    [["sppo-hard", { beta }], 1 / (2 * beta ** 2)],
    [["exo", { beta, labelSmoothing: 0.01 }], entropy(0.01)],
    [["dpop", { beta, lambda: 5 }], Math.LN2],
    [["flex-dpo", {}], Math.LN2],
    [["f-dpo", { beta, lambda: 3 }], Math.log1p(Math.exp(3 * beta))],
    [["tis-dpo", { beta, alpha: 0.5 }], Math.LN2],
    [["tdpo1", { beta }], Math.LN2],
    [["tdpo2", { beta }], Math.LN2],
    [["kto", { beta, lambdaDesirable: 1.2, lambdaUndesirable: 0.8 }], 1],
  ];
  onRows(still, (row) => {
    for (const [[name, options], constant] of constants)
      assert.ok(Math.abs(lossOf(name, options!, row).loss - constant) < 1e-12, name);
    const down = lossOf("apo-down", { beta }, row);
    assert.deepEqual(down.chosenGradient.map(Math.abs), zeros(down.chosenGradient));
    down.rejectedGradient.forEach((slope, t) =>
      assert.ok(Math.abs(slope - (row.rejected.weights[t]! * beta) / 4) < 1e-15),
    );
    // every term of fKTO is half its weight
    const sentences = lossOf(
      "fkto",
      { sequenceWeight: 0, sentenceLambdaDesirable: 4, sentenceLambdaUndesirable: 4 },
      row,
    );
    const labelled = [row.chosen, row.rejected].some(({ sentences, weights }) =>
      sentences.some(({ start, end }) => weights.slice(start, end).some((weight) => weight > 0)),
    );
    assert.ok(Math.abs(sentences.loss - (labelled ? 4 : 0)) < 1e-12);
  });
});

test("references of NaN do not matter to objectives without one", () => {
  onRows(rows, ({ chosen, rejected }) => {
    const spoilt = (side: typeof chosen) => ({ ...side, reference: side.logps.map(() => NaN) });
    const row = { chosen: spoilt(chosen), rejected: spoilt(rejected) };
    for (const name of ["simpo", "slic-hf", "cpo", "orpo", "sft"])
      assert.deepEqual(lossOf(name, {}, row), lossOf(name, {}, { chosen, rejected }));
  });
});

test("a chosen side that has lost has 1 + lambda times DPO's gradient at the same margin", () => {
  const row = (loss: number): Row => ({
    chosen: { logps: [-1 - loss], reference: [-1] },
    rejected: { logps: [-2], reference: [-1.2] },
  });
  const lambda = 3;
  const got = lossOf("dpop", { beta, lambda }, row(0.5)).chosenGradient[0]!;
  const margin = lossOf("dpo", { beta }, row(0.5 * (1 + lambda))).chosenGradient[0]!;
  assert.ok(Math.abs(got - (1 + lambda) * margin) < 1e-12);
});

test("hinge has neither loss nor gradient from a margin of 1 on; ORPO is finite for a side that is certain", () => {
  const row = (logps: number): Row => ({
    chosen: { logps: [logps], reference: [-3] },
    rejected: { logps: [-2], reference: [-1] },
  });
  assert.deepEqual(lossOf("hinge", { beta: 1 }, row(-1)), { loss: 0, chosenGradient: [0], rejectedGradient: [0] });
  const { loss, chosenGradient } = lossOf("orpo", {}, row(0));
  assert.ok(Number.isFinite(loss) && chosenGradient.every(Number.isFinite), String(loss));
});
