/** The rule by which a way's rate and beta are chosen. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { bestTrial, type Trial } from "../../../lib/lab/prose/search";

const trial = (lr: number, score: number, supported: number): Trial => ({
  ...{ lr, beta: 0.1, score, supported },
  ...{ noFact: 0, policy: "none" },
});

test("the highest score among settings that still tell as much as the base", () => {
  const trials = [trial(1, 60, 2.0), trial(2, 70, 1.85), trial(3, 95, 0.4)];
  assert.equal(bestTrial(trials, 2).lr, 2);
});

test("where none tells as much, the one that tells most", () => {
  assert.equal(bestTrial([trial(1, 90, 0.5), trial(2, 70, 1.1)], 2).lr, 2);
});
