/** The probe: probabilities of closed questions' values. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { sequenceLogps } from "../../../lib/align/logps";
import { switchEngine } from "../../../lib/engine/backend";
import { probe } from "../../../lib/lab/prose/probe";
import { promptIds } from "../../../lib/text/prompt";
import type { ClosedQuestion } from "../../../lib/world/closedQuestions";
import { tinyPolicy } from "../../align/tiny";

before(() => switchEngine("cpu"));

const question = (values: string[]): ClosedQuestion => ({
  topic: "a",
  relation: "country",
  prompt: [{ role: "user", content: "In which country is Brno?" }],
  values,
});

test("values' probabilities add up to 1, and follow the policy's own log-probabilities", async (t) => {
  const policy = tinyPolicy();
  t.after(() => policy.dispose());
  const values = ["Czechia", "Austria", "Spain"];
  const first = (i: number) => question([values[i]!, ...values.filter((_, k) => k !== i)]);
  const probed = await probe(policy, [first(0), first(1), first(2)]);
  const total = probed.reduce((sum, { probability }) => sum + probability, 0);
  assert.ok(Math.abs(total - 1) < 1e-4, String(total));
  assert.equal(probed.filter(({ right }) => right).length, 1);

  const { tokenizer, model, params } = policy;
  const prompt = promptIds(tokenizer, question([]).prompt);
  const logps = await Promise.all(
    values.map(async (value) => {
      const ids = Int32Array.from([...prompt, ...tokenizer.encodeAfter("Brno?\n", value).ids, tokenizer.eosId]);
      const sum = sequenceLogps(model, params, [{ ids, weights: new Float32Array(ids.length).fill(1, prompt.length) }]);
      const [logp] = await sum.data();
      sum.dispose();
      return logp!;
    }),
  );
  const odds = logps.map(Math.exp);
  const whole = odds.reduce((sum, odd) => sum + odd, 0);
  probed.forEach(({ probability }, i) => assert.ok(Math.abs(probability - odds[i]! / whole) < 1e-3, values[i]));
});
