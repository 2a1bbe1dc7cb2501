/**
 * Every objective: in float64 against the golden values (generate/objectives.py), on the engine against float64, its
 * derivatives against finite differences, and what masks and weights may and may not change.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { pairLosses, type PairIds } from "../../../lib/align/microbatch";
import { chooseObjective, objectives } from "../../../lib/align/objective/registry";
import { pairLoss } from "../../../lib/steps/loss";
import { onEveryBackend } from "../../backends";
import { readGolden } from "../../golden/golden";

interface GoldenSide {
  logps: number[];
  reference: number[];
  weights: number[];
}
interface Golden {
  pairs: { chosen: GoldenSide; rejected: GoldenSide }[];
  results: {
    objective: string;
    options: Record<string, number>;
    weighting: "unmasked" | "masked" | "weighted";
    losses: number[];
    gradients: { chosen: number[]; rejected: number[] }[];
  }[];
  masks: Record<"chosen" | "rejected", number[]>[];
}
const golden = readGolden<Golden>("objectives.json");

function sideOf(
  pair: number,
  side: "chosen" | "rejected",
  weighting: Golden["results"][number]["weighting"],
): GoldenSide {
  const given = golden.pairs[pair]![side];
  const mask = golden.masks[pair]![side];
  const weights = { unmasked: mask.map(() => 1), masked: mask, weighted: mask.map((m, t) => m * given.weights[t]!) };
  return { ...given, weights: weights[weighting] };
}

test("float64: losses and gradients are the golden ones to 1e-12, and every objective has some", () => {
  for (const { objective, options, weighting, losses, gradients } of golden.results) {
    losses.forEach((loss, i) => {
      const given = { chosen: sideOf(i, "chosen", weighting), rejected: sideOf(i, "rejected", weighting) };
      const got = pairLoss(chooseObjective(objective, options), given, "golden");
      const where = `${objective} ${weighting} pair ${i}`;
      assert.ok(Math.abs(got.loss - loss) < 1e-12, where);
      const wanted = [...gradients[i]!.chosen, ...gradients[i]!.rejected];
      [...got.chosenGradient, ...got.rejectedGradient].forEach((value, t) =>
        assert.ok(Math.abs(value - wanted[t]!) < 1e-12, `${where} token ${t}`),
      );
    });
  }
  const seen = new Set(golden.results.map(({ objective }) => objective));
  assert.deepEqual(
    objectives.filter(({ name }) => !seen.has(name)),
    [],
  );
});

onEveryBackend("the engine gives the golden losses and slopes", async () => {
  for (const { objective, options, weighting, losses, gradients } of golden.results) {
    const sides = (side: "chosen" | "rejected") => golden.pairs.map((_, i) => sideOf(i, side, weighting));
    const sum = ({ weights }: GoldenSide, values: number[]) =>
      values.reduce((total, v, t) => total + weights[t]! * v, 0);
    const pairs = golden.pairs.map((_, i): PairIds => {
      const ids = (side: "chosen" | "rejected") => {
        const weights = Float32Array.from(sideOf(i, side, weighting).weights);
        return { ids: new Int32Array(weights.length), weights, promptLength: 0 };
      };
      return { chosen: ids("chosen"), rejected: ids("rejected") };
    });
    const reference = {
      chosen: Float32Array.from(sides("chosen"), (side) => sum(side, side.reference)),
      rejected: Float32Array.from(sides("rejected"), (side) => sum(side, side.reference)),
    };
    const values = (policyChosen: tf.Tensor1D, policyRejected: tf.Tensor1D) =>
      pairLosses(chooseObjective(objective, options), pairs, { policyChosen, policyRejected }, reference).losses.tensor;
    const inputs = (["chosen", "rejected"] as const).map((side) =>
      tf.tensor1d(sides(side).map((s) => sum(s, s.logps))),
    );
    const { value, grads } = tf.tidy(() =>
      tf.valueAndGrads((c, r) => tf.sum(values(c as tf.Tensor1D, r as tf.Tensor1D)))(inputs),
    );
    const near = (got: number, wanted: number, what: string) =>
      assert.ok(
        Math.abs(got - wanted) <= 1e-5 * Math.max(1, Math.abs(wanted)),
        `${objective} ${weighting} ${what}: ${got}, ${wanted}`,
      );
    near(
      (await value.data())[0]!,
      losses.reduce((a, b) => a + b, 0),
      "loss",
    );
    for (const [s, side] of (["chosen", "rejected"] as const).entries()) {
      const slopes = await grads[s]!.data();
      golden.pairs.forEach((_, i) => {
        const { weights } = sideOf(i, side, weighting);
        const t = weights.findIndex((weight) => weight > 0);
        near(slopes[i]!, gradients[i]![side][t]! / weights[t]!, `slope of ${side} ${i}`);
      });
    }
    tf.dispose([value, grads, inputs]);
  }
});

const token = fc.record({
  logps: fc.double({ min: -6, max: -0.01, noNaN: true }),
  reference: fc.double({ min: -6, max: -0.01, noNaN: true }),
  weights: fc.constantFrom(0, 1, 0.5, 1.7),
});
const side = fc
  .array(token, { minLength: 1, maxLength: 7 })
  .filter((tokens) => tokens.some(({ weights }) => weights > 0))
  .map((tokens) => ({
    logps: tokens.map(({ logps }) => logps),
    reference: tokens.map(({ reference }) => reference),
    weights: tokens.map(({ weights }) => weights),
  }));

for (const { name } of objectives) {
  test(`${name}: derivatives are those of finite differences; a token of weight 0 changes nothing`, () => {
    const choice = chooseObjective(name);
    const h = 1e-6;
    fc.assert(
      fc.property(side, side, (chosen, rejected) => {
        const given = { chosen, rejected };
        const { loss, ...gradients } = pairLoss(choice, given, "");
        for (const key of ["chosen", "rejected"] as const) {
          given[key].logps.forEach((_, t) => {
            const moved = (by: number) => {
              const logps = given[key].logps.map((value, u) => (u === t ? value + by : value));
              return pairLoss(choice, { ...given, [key]: { ...given[key], logps } }, "").loss;
            };
            const slope = (moved(h) - moved(-h)) / (2 * h);
            const got = gradients[`${key}Gradient`][t]!;
            assert.ok(Math.abs(got - slope) <= 1e-4 * Math.max(1, Math.abs(slope)), `${got} ${slope}`);
            if (given[key].weights[t] === 0) assert.deepEqual([got, moved(3)], [0, loss]);
          });
        }
      }),
      { seed: 1, numRuns: 60 },
    );
  });
}

test("with policy = reference: dpo gives log 2, ipo 1 / (4 tau^2); simpo looks at no reference", () => {
  const same = (logps: number[]) => ({ logps, reference: logps });
  const given = { chosen: same([-1, -2]), rejected: same([-0.5, -3, -1]) };
  assert.equal(pairLoss(chooseObjective("dpo", { beta: 0.7 }), given, "").loss, Math.log(2));
  assert.ok(Math.abs(pairLoss(chooseObjective("ipo", { tau: 0.2 }), given, "").loss - 1 / (4 * 0.04)) < 1e-12);
  const without = { chosen: { logps: [-1, -2] }, rejected: { logps: [-0.5, -3, -1] } };
  assert.deepEqual(pairLoss(chooseObjective("simpo"), given, ""), pairLoss(chooseObjective("simpo"), without, ""));
  assert.throws(() => pairLoss(chooseObjective("dpo"), without, "row"), /^UserError: row chosen: expected "reference"/);
});

test("options are checked by the objective's schema", () => {
  assert.deepEqual(chooseObjective("simpo", { gammaRatio: 0.5 }).options, { beta: 2, gammaRatio: 0.5 });
  assert.throws(() => chooseObjective("dpo", { tau: 1 }), /--option tau: expected an option of dpo: beta, got tau/);
  assert.throws(
    () => chooseObjective("ipo", { tau: 0 }),
    /--option tau: expected Number must be greater than 0, got 0/,
  );
  assert.throws(() => chooseObjective("ppo"), /--objective: expected dpo \| ipo \| .+, got ppo/);
});
