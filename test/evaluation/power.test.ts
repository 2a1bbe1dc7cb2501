/** What a comparison needs: against statsmodels, simulations in numpy, and the project's own intervals. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Rng } from "../../lib/base/rng";
import { comparePolicies } from "../../lib/evaluation/compare";
import {
  falseAlarms,
  pilotOf,
  pilotOfOne,
  powerOf,
  smallestFound,
  standardErrors,
  topicsNeeded,
  type Components,
  type SeedAnswers,
} from "../../lib/evaluation/power";
import { readGolden } from "../golden/golden";
import { answer, question } from "./fixtures";

interface Counts {
  right: number[][];
  all: number[][];
}
interface Golden {
  pilot: [Counts, Counts][];
  moments: Record<"difference" | keyof Components, number>;
  variances: Omit<Components, "answer">;
  z: { effect: number; sd: number; topics: number; power: number }[];
  simulated: { effect: number; topics: number; seeds: number; k: number; answer: number; found: number }[];
}
const golden = readGolden<Golden>("power.json");

const questionsOf = (topics: number) => Array.from({ length: topics }, (_, t) => question(`q${t}`, `topic ${t}`));
const letters = (right: number, all: number): string => "S".repeat(right) + "C".repeat(all - right);
const answersOf = ({ right, all }: Counts) =>
  all.flatMap((of, t) => of.map((n, i) => answer(`q${t}`, i, letters(right[t]![i]!, n))));
const near = (got: number | null, value: number, by: number, what: string): void =>
  assert.ok(got !== null && Math.abs(got - value) <= by, `${what}: ${got}, expected ${value}`);

test("components of a pilot: as numpy has them by the method of moments", () => {
  const seeds = golden.pilot.map(([higher, lower]): SeedAnswers => ({
    higher: answersOf(higher),
    lower: answersOf(lower),
  }));
  const pilot = pilotOf(seeds, questionsOf(12));
  assert.deepEqual([pilot.topics, pilot.seeds, pilot.k], [12, 3, 4]);
  const { difference, ...variances } = golden.moments;
  near(pilot.difference, difference, 1e-12, "difference");
  for (const name of Object.keys(variances) as (keyof Components)[])
    near(pilot.components[name], variances[name], 1e-12, name);
});

test("without seeds the power is that of one side of a z test, as statsmodels has it", () => {
  for (const { effect, sd, topics, power } of golden.z) {
    const components = { topic: sd ** 2, seed: 0, interaction: 0, answer: null };
    near(powerOf(components, { topics, seeds: 1, k: 1 }, effect), power, 1e-9, `${effect} of ${sd}`);
    near(falseAlarms(components, { topics, seeds: 1, k: 1 }), 0.05, 1e-9, "false alarms");
  }
});

test("with seeds it is how often simulated intervals over topics lie above 0", () => {
  for (const { effect, topics, seeds, k, answer: variance, found } of golden.simulated) {
    const components = { ...golden.variances, answer: variance };
    near(powerOf(components, { topics, seeds, k }, effect), found, 0.012, JSON.stringify({ effect, topics, seeds, k }));
  }
  const [none] = golden.simulated.filter(({ effect }) => effect === 0);
  assert.ok(none!.found > 0.2, "seeds that differ make an interval over topics say too much");
});

/** Two policies whose right sentences are drawn: topics differ by themselves and in what is gained. */
function drawn(topics: number, k: number, rng: Rng, gain: number): SeedAnswers {
  const side = (shares: readonly number[]) =>
    shares.flatMap((share, t) =>
      Array.from({ length: k }, (_, i) => {
        const all = 4 + rng.int(5);
        const right = Array.from({ length: all }, () => rng.next()).filter((draw) => draw < share).length;
        return answer(`q${t}`, i, letters(right, all));
      }),
    );
  const base = Array.from({ length: topics }, () => 0.3 + 0.3 * rng.next());
  const gains = base.map(() => gain + 0.15 * rng.normal());
  const clipped = base.map((share, t) => Math.min(0.98, Math.max(0.02, share + gains[t]!)));
  return { higher: side(clipped), lower: side(base) };
}

test("what it plans from a pilot is how often the project's own comparison finds the effect", () => {
  const [gain, topics, k] = [0.07, 40, 2] as const;
  const pilot = pilotOf([drawn(600, 6, new Rng("pilot"), gain)], questionsOf(600));
  const planned = powerOf(pilot.components, { topics, seeds: 1, k }, pilot.difference);
  const tries = 200;
  const questions = questionsOf(topics);
  const found = Array.from({ length: tries }, (_, i) => {
    const { higher, lower } = drawn(topics, k, new Rng("try").fork(i), gain);
    return comparePolicies(higher, lower, questions, new Rng(i), { resamples: 300 }).score.low > 0;
  }).filter(Boolean).length;
  assert.ok(planned > 0.4 && planned < 0.9, `${planned}`);
  near(found / tries, planned, 3 * Math.sqrt((planned * (1 - planned)) / tries) + 0.03, "found");
});

test("needed topics and the smallest effect undo the power; seeds that differ can make no number enough", () => {
  const components = { topic: 0.04, seed: 0.0001, interaction: 0.01, answer: 0.1 };
  const design = { seeds: 3, k: 4 };
  const topics = topicsNeeded(components, design, 0.03, 0.8)!;
  assert.ok(powerOf(components, { ...design, topics }, 0.03) >= 0.8);
  assert.ok(powerOf(components, { ...design, topics: topics - 1 }, 0.03) < 0.8);
  const smallest = smallestFound(components, { ...design, topics }, 0.8);
  near(powerOf(components, { ...design, topics }, smallest), 0.8, 1e-9, "at the smallest effect");
  assert.ok(smallest <= 0.03 && smallest > 0.0299);
  assert.ok(topicsNeeded(components, { ...design, k: 16 }, 0.03, 0.8)! < topics);
  assert.ok(topicsNeeded(components, { ...design, seeds: 6 }, 0.03, 0.8)! < topics);
  assert.equal(topicsNeeded({ ...components, seed: 0.01 }, { seeds: 1, k: 4 }, 0.03, 0.8), null);
  const { overTopics, all } = standardErrors(components, { ...design, topics });
  assert.ok(all > overTopics);
});

test("one policy: twice what its answers vary by; one answer a question cannot be told from topics", () => {
  const rng = new Rng("one");
  const { lower } = drawn(200, 8, rng, 0);
  const one = pilotOfOne(lower, questionsOf(200)).components;
  const two = pilotOf([{ higher: drawn(200, 8, rng, 0).lower, lower }], questionsOf(200)).components;
  near(one.answer, two.answer!, 0.1 * two.answer!, "answers of two policies alike");
  assert.deepEqual([one.topic, one.seed, one.interaction], [0, 0, 0]);
  const greedy = pilotOf([drawn(50, 1, rng, 0.1)], questionsOf(50));
  assert.equal(greedy.components.answer, null);
  assert.ok(greedy.components.topic > 0);
  assert.throws(() => pilotOf([drawn(1, 2, rng, 0)], questionsOf(1)), /at least two topics/);
});
