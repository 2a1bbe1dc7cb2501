/** Stages: what each kind of rows is made of, by rules that can be checked by hand. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { trainOptionsSchema } from "../../lib/align/trainOptions";
import type { AnnotatedCandidate, Question, Verdict } from "../../lib/factuality/records";
import { anyPairs, flipped, implicitPairs } from "../../lib/lab/stages/candidatePairs";
import { goalCopies, withGoal } from "../../lib/lab/stages/goals";
import { isKnown, knownFacts } from "../../lib/lab/stages/knownFacts";
import { wavesOf } from "../../lib/lab/stages/runStages";
import type { Stage } from "../../lib/lab/stages/stage";
import { areaUnderCurve, rankWeights } from "../../lib/lab/stages/tokenWeights";
import { loadAtlas } from "../../lib/world/atlas";

const question: Question = { id: "q", topic: "t", prompt: [{ role: "user", content: "What?" }] };

/** So many right and wrong sentences of one letter each. */
function candidate(index: number, right: number, wrong: number): AnnotatedCandidate {
  const verdicts: Verdict[] = [
    ...Array<Verdict>(right).fill("supported"),
    ...Array<Verdict>(wrong).fill("contradictory"),
  ];
  return {
    questionId: "q",
    index,
    completion: String.fromCharCode(97 + index).repeat(right + wrong),
    seed: 1,
    sentences: verdicts.map((verdict, i) => ({ start: i, end: i + 1, verdict })),
  };
}
const candidates = [candidate(0, 3, 1), candidate(1, 1, 3), candidate(2, 3, 1), candidate(3, 4, 0)];

test("any pair: one a question, of different scores, the better one chosen; over seeds all of them come", () => {
  const seen = new Set<string>();
  for (let seed = 0; seed < 60; seed++) {
    const [pair, ...more] = anyPairs(candidates, [question], seed);
    assert.equal(more.length, 0);
    assert.ok(pair!.scores.chosen > pair!.scores.rejected);
    seen.add(`${pair!.chosen.completion[0]}${pair!.rejected.completion[0]}`);
  }
  assert.deepEqual([...seen].sort(), ["ab", "cb", "da", "db", "dc"]);
  assert.deepEqual(anyPairs([candidates[0]!, candidates[2]!], [question], 1), [], "a tie is no pair");
});

test("implicit reward: its best and worst, whatever the oracle says; and how often the oracle agrees", () => {
  const rewards = [0.5, 0.9, 0, -1]; // the oracle would have the last one chosen
  const rewarded = candidates.map((one, i) => ({ ...one, score: [0.75, 0.25, 0.75, 1][i]!, reward: rewards[i]! }));
  const { pairs, measures } = implicitPairs([question], rewarded);
  assert.deepEqual([pairs[0]!.chosen.completion, pairs[0]!.rejected.completion], ["bbbb", "dddd"]);
  assert.equal(measures["labelAccuracy"], 0);
  const other = implicitPairs(
    [question],
    rewarded.map((one) => ({ ...one, reward: -one.reward })),
  );
  assert.equal(other.pairs[0]!.chosen.completion, "dddd");
  assert.equal(other.measures["labelAccuracy"], 1);
  assert.deepEqual(
    implicitPairs(
      [question],
      rewarded.map((one) => ({ ...one, reward: 0 })),
    ).pairs,
    [],
  );
});

test("goals: two copies of a pair, the second with the other side wanted; flipping twice is nothing", () => {
  const [pair] = anyPairs([candidates[1]!, candidates[3]!], [question], 1);
  const [first, second] = goalCopies(pair!);
  assert.equal(first.prompt[0]!.content, "What? Goal: 10.");
  assert.equal(second.prompt[0]!.content, "What? Goal: 3.", "a score of 25 %");
  assert.deepEqual([first.chosen, first.rejected], [pair!.chosen, pair!.rejected]);
  assert.deepEqual([second.chosen, second.rejected], [pair!.rejected, pair!.chosen]);
  assert.deepEqual(flipped(flipped(pair!)), pair);
  assert.deepEqual(withGoal(question, 2).id, "q");
});

test("known facts: where most statements of the policy are right; nothing said is neither", () => {
  const atlas = loadAtlas();
  const asked = atlas.splits.train.find(({ id }) => id.endsWith(":place"))!;
  const topic = atlas.topic(asked.topic);
  const says = (index: number, completion: string): AnnotatedCandidate => ({
    questionId: asked.id,
    index,
    completion,
    seed: 1,
    sentences: [],
  });
  const wrong = topic.country.continent === "Europe" ? "Asia" : "Europe";
  const facts = knownFacts(
    atlas,
    [asked],
    [
      says(0, `Its country is ${topic.country.name}. Its continent is ${wrong}.`),
      says(1, `Its country is Nowhere. Its continent is ${wrong}.`),
      says(2, `It belongs to ${topic.country.name}. The continent is ${topic.country.continent}.`),
    ],
  );
  assert.equal(isKnown(facts, topic.id, "country"), true);
  assert.equal(isKnown(facts, topic.id, "continent"), false);
  assert.equal(isKnown(facts, topic.id, "latitude"), undefined);
});

test("weights by rank: from 0.7 to 1.3 with mean 1, ties alike, one token 1; only the order counts", () => {
  assert.deepEqual(rankWeights([5]), [1]);
  const weights = rankWeights([0.1, -3, 7]);
  [1, 0.7, 1.3].forEach((value, i) => assert.ok(Math.abs(weights[i]! - value) < 1e-12));
  assert.deepEqual(rankWeights([1, -300, 900]), weights);
  const tied = rankWeights([2, 2, 2, 9]);
  assert.equal(new Set(tied.slice(0, 3)).size, 1);
  assert.ok(Math.abs(tied.reduce((a, b) => a + b) / 4 - 1) < 1e-12);
});

test("AUC: share of pairs in the right order, ties as halves", () => {
  assert.equal(areaUnderCurve([3, 4], [1, 2]), 1);
  assert.equal(areaUnderCurve([1, 2], [3, 4]), 0);
  assert.equal(areaUnderCurve([2, 4], [1, 3]), 0.75);
  assert.equal(areaUnderCurve([1], [1]), 0.5);
});

test("waves: what several chains begin with comes once, before them, and contrastive policies before weights", () => {
  const training = trainOptionsSchema.parse({});
  const stage = (rows: Stage["rows"]): Stage => ({ rows, mask: "none", training });
  const pairs = stage({ rows: "pairs", choose: "best-worst", from: 0, to: 1 });
  const sft = stage({ rows: "demonstrations", of: "own" });
  const weighted = stage({ rows: "weighted", estimator: "contrast", contrast: training });
  const chain = (...stages: Stage[]) => ({ stages, seed: 1 });
  const waves = wavesOf([chain(sft, pairs), chain(weighted), chain(pairs), chain(sft)], () => false);
  assert.equal(waves.length, 2);
  const flipped = stage({ rows: "pairs", choose: "best-worst", from: 0, to: 1, flip: true });
  assert.deepEqual(waves[0], [chain(sft), chain(pairs), chain(flipped)]);
  assert.deepEqual(waves[1], [chain(sft, pairs), chain(weighted)]);
  const left = wavesOf([chain(weighted), chain(sft, pairs)], ({ stages }) => stages.at(-1) === weighted);
  assert.deepEqual(left, [[chain(sft)], [chain(sft, pairs)]], "what is there needs nothing");
});
