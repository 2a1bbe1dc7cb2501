/** Stages: what each kind of rows is made of, by rules that can be checked by hand. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { trainOptionsSchema } from "../../lib/align/trainOptions";
import type { AnnotatedCandidate, Question, Verdict } from "../../lib/factuality/records";
import { anyPairs, flipped, implicitPairs } from "../../lib/lab/stages/candidatePairs";
import { corrected, correctedPairs } from "../../lib/lab/stages/corrections";
import { goalCopies, withGoal } from "../../lib/lab/stages/goals";
import { isKnown, knownFacts } from "../../lib/lab/stages/knownFacts";
import { rewardedAnswers, withAdvantages } from "../../lib/lab/stages/rewarded";
import { wavesOf } from "../../lib/lab/stages/runStages";
import type { Stage } from "../../lib/lab/stages/stage";
import { areaUnderCurve, rankWeights } from "../../lib/lab/stages/tokenWeights";
import { tokenizePair } from "../../lib/preference/collate";
import type { PreferencePair } from "../../lib/preference/pair";
import { loadAtlas } from "../../lib/world/atlas";
import { oracleAnnotator } from "../../lib/world/oracle";
import { tinyPolicy } from "../align/tiny";

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

test("corrections: every wrong fact put right in its own words, the rest as it was; what cannot be is left out", () => {
  const atlas = loadAtlas();
  const asked = atlas.splits.train.find(({ topic }) => topic === "brno")!;
  const oracle = oracleAnnotator(atlas);
  const right = "Its country is Czechia. It is worth a visit.";
  assert.equal(corrected(oracle, asked, right), undefined, "nothing is wrong");
  assert.equal(
    corrected(oracle, asked, `Its continent is Asia. ${right} It is nice here. The capital is Vienna.`),
    `Its continent is Europe. ${right} The capital is Prague.`,
  );
  assert.equal(corrected(oracle, asked, "Blah."), undefined, "nothing is left");
  const says = (index: number, completion: string): AnnotatedCandidate => ({
    questionId: asked.id,
    index,
    completion,
    seed: 1,
    sentences: oracle.annotate(asked, completion).map(({ start, end, verdict }) => ({ start, end, verdict })),
  });
  const made = correctedPairs(oracle, [asked], [says(0, right), says(1, "Its country is Peru. Its domain is x.")], 1);
  const [{ chosen, rejected, scores }] = made as [PreferencePair];
  assert.deepEqual(
    [chosen.completion, rejected.completion],
    ["Its country is Czechia.", "Its country is Peru. Its domain is x."],
  );
  assert.deepEqual(
    [scores, chosen.sentences.map(({ verdict }) => verdict)],
    [{ chosen: 1, rejected: 0 }, ["supported"]],
  );
});

test("token rewards: against the mean of the question; flipped ones have the sentence's sign", () => {
  const advantages = (granularity: "answer" | "sentence" | "flipped", of = candidates) =>
    rewardedAnswers([question], of, granularity, 3).map(({ candidate: { index }, sentences, outside }) => ({
      index,
      sentences,
      outside,
    }));
  const scores = [0.75, 0.25, 0.75, 1];
  const center = 0.6875;
  for (const { index, sentences, outside } of advantages("answer")) {
    assert.equal(outside, scores[index]! - center);
    assert.ok(sentences.length === 4 && sentences.every((value) => value === outside));
  }
  const right = (index: number, i: number): boolean => candidates[index]!.sentences[i]!.verdict === "supported";
  for (const { index, sentences, outside } of advantages("sentence")) {
    assert.equal(outside, 0);
    sentences.forEach((value, i) => assert.equal(value, (right(index, i) ? 1 : -1) - 6 / 16));
  }
  for (const { index, sentences, outside } of advantages("flipped")) {
    assert.equal(outside, scores[index]! - center);
    sentences.forEach((value, i) => assert.equal(value, (right(index, i) ? 1 : -1) * Math.abs(outside)));
  }
  const same = [candidate(0, 2, 2), candidate(1, 2, 2)];
  assert.ok(advantages("answer", same).every(({ sentences }) => sentences.every((value) => value === 0)));
  assert.equal(advantages("answer", same).length, 2);
  assert.deepEqual(advantages("answer", same.slice(0, 1)), [], "nothing to compare with");
});

test("advantages as weights: what is above 0 on the chosen side, what is below on the rejected one", () => {
  const policy = tinyPolicy();
  const side = {
    completion: "aa bb",
    sentences: candidate(0, 1, 1).sentences.map((own, i) => ({ ...own, start: 3 * i, end: 3 * i + 2 })),
  };
  const row: PreferencePair = {
    ...{ questionId: "q", topic: "t", prompt: question.prompt },
    ...{ chosen: side, rejected: side, scores: { chosen: 1, rejected: 0 } },
  };
  const pair = tokenizePair(row, policy.tokenizer, [1, 5], { mask: "none" });
  const report = { pairs: 1, kept: 1, emptied: [], tooLong: [] };
  const [made] = withAdvantages(
    { pairs: [pair], emptied: [], report },
    [row],
    [{ candidate: candidates[0]!, sentences: [0.5, -0.25], outside: -2 }],
  ).pairs;
  const { sentenceOf, promptLength } = pair.chosen;
  const expected = Array.from(sentenceOf, (s, t) => (t < promptLength ? 0 : ([0.5, -0.25][s] ?? -2)));
  assert.deepEqual(
    Array.from(made!.chosen.weights),
    expected.map((value) => Math.max(0, value)),
  );
  assert.deepEqual(
    Array.from(made!.rejected.weights),
    expected.map((value) => Math.max(0, -value)),
  );
  assert.ok(expected.includes(0.5) && expected.includes(-0.25) && expected.at(-1) === -2);
  policy.dispose();
});
