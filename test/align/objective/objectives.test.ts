/**
 * Every objective: in float64 against the golden values (generate/objectives.py), on the engine against them, its
 * derivatives against finite differences, and what masks and weights may and may not change.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { pairLosses } from "../../../lib/align/parts";
import { chooseObjective, objectives } from "../../../lib/align/objective/registry";
import { pairLoss } from "../../../lib/align/objective/pairLoss";
import { onEveryBackend } from "../../backends";
import { choiceOf, golden, goldenRow, onEngine, sideNames } from "./goldenPairs";
import { frozenAt, sidesOfTokens } from "./rows";

test("float64: losses and gradients are the golden ones to 1e-12, and every objective has some", () => {
  for (const result of golden.results) {
    const { objective, weighting, losses, gradients } = result;
    losses.forEach((loss, i) => {
      const got = pairLoss(choiceOf(result), goldenRow(i, weighting), "golden");
      const where = `${objective} ${weighting} pair ${i}`;
      const near = (value: number, wanted: number, what: string) =>
        assert.ok(Math.abs(value - wanted) < 1e-12 * Math.max(1, Math.abs(wanted)), `${where} ${what}: ${value}`);
      near(got.loss, loss, "loss");
      const wanted = [...gradients[i]!.chosen, ...gradients[i]!.rejected];
      [...got.chosenGradient, ...got.rejectedGradient].forEach((value, t) => near(value, wanted[t]!, `token ${t}`));
    });
  }
  const seen = new Set(golden.results.map(({ objective }) => objective));
  assert.deepEqual(
    objectives.filter(({ name }) => !seen.has(name)),
    [],
  );
});

onEveryBackend("the engine gives the golden losses and gradients by token to 1e-5", async () => {
  for (const result of golden.results) {
    const choice = choiceOf(result);
    const { pairs, logps, tokens, counting, given } = onEngine(choice, result.weighting);
    const near = (got: number, wanted: number, what: string) =>
      assert.ok(
        Math.abs(got - wanted) <= 1e-5 * Math.max(1, Math.abs(wanted)),
        `${result.objective} ${result.weighting} ${what}: ${got}, ${wanted}`,
      );
    let losses: tf.Tensor1D | undefined;
    const { value, grad } = tf.valueAndGrad((logps) => {
      losses = tf.keep(pairLosses(choice, pairs, tokens(logps as tf.Tensor1D), given).losses.tensor);
      return tf.sum(losses);
    })(logps);
    const { batch } = result;
    if (batch) near((await value.data())[0]! / pairs.length, batch.loss, "batch");
    else (await losses!.data()).forEach((loss, i) => near(loss, result.losses[i]!, `pair ${i}`));
    const wanted = counting((i, side) =>
      batch ? batch.gradients[i]![side].map((slope) => pairs.length * slope) : result.gradients[i]![side],
    );
    (await grad.data()).forEach((slope, m) => near(slope, wanted[m]!, `token ${m}`));
    tf.dispose([value, grad, losses!]);
  }
});

for (const { name } of objectives) {
  test(`${name}: derivatives are those of finite differences; a token of weight 0 changes nothing`, () => {
    const choice = chooseObjective(name);
    const h = 1e-6;
    fc.assert(
      fc.property(sidesOfTokens, sidesOfTokens, (chosen, rejected) => {
        const given = { chosen, rejected, z0: 0.1, sentenceZ0: 0.05 };
        const { loss, ...gradients } = pairLoss(choice, given, "");
        for (const key of sideNames) {
          given[key].logps.forEach((_, t) => {
            const moved = (by: number) => {
              const logps = given[key].logps.map((value, u) => (u === t ? value + by : value));
              return frozenAt(choice, given, { ...given, [key]: { ...given[key], logps } });
            };
            const slopes = [(moved(h) - loss) / h, (loss - moved(-h)) / h]; // two at a kink: then any between them
            const got = gradients[`${key}Gradient`][t]!;
            const off = 1e-4 * Math.max(1, ...slopes.map(Math.abs));
            assert.ok(got >= Math.min(...slopes) - off && got <= Math.max(...slopes) + off, `${got} ${slopes.join()}`);
            if (given[key].weights[t] === 0) {
              assert.equal(got, 0);
              assert.ok(Math.abs(moved(3) - loss) <= 1e-12 * Math.max(1, Math.abs(loss)));
            }
          });
        }
      }),
      { seed: 1, numRuns: 60 },
    );
  });
}

test("options are checked by the objective's schema", () => {
  assert.deepEqual(chooseObjective("simpo", { gammaRatio: 0.5 }).options, { beta: 2, gammaRatio: 0.5 });
  assert.throws(() => chooseObjective("dpo", { tau: 1 }), /--option tau: expected an option of dpo: beta, got tau/);
  assert.throws(
    () => chooseObjective("ipo", { tau: 0 }),
    /--option tau: expected Number must be greater than 0, got 0/,
  );
  assert.throws(
    () => chooseObjective("robust", { labelSmoothing: 0.5 }),
    /labelSmoothing: .* less than 0\.5, got 0\.5/,
  );
  assert.throws(
    () => chooseObjective("sft", { beta: 1 }),
    /--option beta: expected no option, as sft has none, got beta/,
  );
  assert.throws(() => chooseObjective("ppo"), /--objective: expected dpo \| cdpo \| .+, got ppo/);
});
