// Token masks against their texts: in every layout, drifted by hand, and as the official trainer makes them.
import assert from "node:assert/strict";
import path from "node:path";
import test from "node:test";
import { humanCandidates, humanQuestions, readHumanLabels } from "../../lib/factuality/humanLabels";
import { labelsFolder } from "../../lib/paper/human/study";
import { tokenizePair } from "../../lib/preference/collate";
import { official } from "../../lib/preference/formats/official";
import { takeMasks } from "../../lib/preference/lint/givenMask";
import { lintOfficial, lintPair, type LintRow } from "../../lib/preference/lint/lintRow";
import { lintText, shownTexts, summarise } from "../../lib/preference/lint/lintSummary";
import { compareOfficialMasks } from "../../lib/preference/officialMask";
import { buildPairs, type PreferencePair } from "../../lib/preference/pair";
import { promptIds } from "../../lib/text/prompt";
import { loadTokenizer } from "../../lib/text/tokenizer";
import { atlasFolder } from "../../lib/world/facts";
import { userError } from "../golden/fixtures";
import { pairOf, spansOf, wordTokenizer } from "./fixtures";

/** Tokens: " A" "b" "." "\n" "C" "d" "." and the closing one; the line break belongs to the first sentence. */
const chosen = "A b.\nC d.";
const pair: PreferencePair = {
  ...pairOf("q", "S", "C"),
  prompt: [{ role: "user", content: "Say so" }],
  chosen: { completion: chosen, sentences: spansOf(chosen, ["A b.", "C d."], "SC") },
  rejected: { completion: "A x.", sentences: spansOf("A x.", ["A x."], "U") },
};
const tokenizer = wordTokenizer();
const prompt = promptIds(tokenizer, pair.prompt);
const exact = [1, 1, 1, 1, 0, 0, 0];
const rejected = [1, 1, 1];
const zeros = prompt.map(() => 0);

function linted(row: Record<string, unknown>): LintRow {
  const { rest, masks } = takeMasks({ ...pair, ...row }, "f:1");
  assert.deepEqual(rest, pair, "what is left is the pair");
  return lintPair(pair, masks, "f:1", tokenizer);
}

test("an exact mask has no fault, whatever of prompt and closing token it counts", () => {
  const ids = (completion: string) => [...prompt, ...tokenizer.encode(completion).ids, tokenizer.eosId];
  const labelled = (bits: readonly number[], of: readonly number[]) => bits.map((bit, t) => (bit ? of[t]! : -100));
  const [w, l] = [
    [...zeros, ...exact, 1],
    [...zeros, ...rejected, 1],
  ];
  const rows: [Record<string, unknown>, string][] = [
    [{ chosen_mask: exact, rejected_mask: rejected }, "completion"],
    [{ chosen_mask: [...exact, 1], rejected_mask: [...rejected, 0.5] }, "completion, closing token"],
    [{ chosen_loss_mask: [...zeros, ...exact], rejected_loss_mask: [...zeros, ...rejected] }, "prompt, completion"],
    [
      { chosen_labels: labelled(w, ids(chosen)), rejected_labels: labelled(l, ids("A x.")) },
      "prompt, completion, closing token",
    ],
    // as Parquet has integers of 64 bits
    [
      { chosen_labels: labelled(w, ids(chosen)).map(BigInt), rejected_labels: labelled(l, ids("A x.")).map(BigInt) },
      "prompt, completion, closing token",
    ],
    [
      {
        chosen_input_ids: [0, ...ids(chosen), 7, 7],
        chosen_completion_mask: [false, ...w.map((bit) => bit > 0), false, false],
        rejected_ids: [0, ...ids("A x."), 7, 7],
        rejected_mask: [0, ...l, 0, 0],
      },
      `${prompt.length + 1} tokens before, completion, closing token, 2 behind`,
    ],
  ];
  for (const [row, counts] of rows) {
    const { faults, sides } = linted(row);
    assert.deepEqual([faults, sides!.chosen.mask!.counts, sides!.rejected.mask!.counts], [[], counts, counts]);
  }
  assert.match(lintText(summarise(rows.map(([row]) => linted(row)))), /^6 rows, no fault\nMasks of sides count: /);
  assert.match(lintText(summarise([linted({})])), /^1 rows, no fault in their spans; none has a token mask$/);
});

test("a mask that drifts by one token: which tokens, how far, and where in the text", () => {
  const late = linted({ chosen_mask: [1, 1, 1, 1, 1, 0, 0, 0], rejected_mask: rejected });
  assert.deepEqual(late.faults, ["wrong", "boundary"]);
  assert.deepEqual(late.sides!.chosen, {
    tokens: 7,
    mask: { length: 8, excess: 0, counts: "completion, closing token" },
    wronglyMasked: 1,
    wronglyLearnt: 1,
    closingMasked: true,
    drift: { tokens: 1, characters: 1 },
    shown: "A b.↵{+C+} d.[-<end>-]",
  });
  const early = linted({ chosen_mask: [1, 1, 0, 0, 0, 0, 0], rejected_mask: rejected });
  assert.deepEqual(early.sides!.chosen.drift, { tokens: -2, characters: -2 });
  assert.equal(early.sides!.chosen.shown, "A b[-.↵-]C d.");
  // another number of changes than the exact mask has, so each stands for the nearest boundary
  const twice = linted({ chosen_mask: [1, 1, 1, 1, 1, 0, 1], rejected_mask: rejected });
  assert.deepEqual(twice.sides!.chosen.drift, { tokens: 1, characters: 1 });
  const summary = summarise([late, early, linted({ chosen_mask: exact, rejected_mask: rejected })]);
  assert.deepEqual([summary.faulty, summary.wronglyMasked, summary.wronglyLearnt, summary.closingMasked], [2, 3, 1, 1]);
  assert.deepEqual(summary.drift!.tokens, { quarter: 0.5, half: 1, threeQuarters: 1.5, most: 2 });
  assert.match(shownTexts(summary).join("\n"), /f:1 chosen\n {2}A b/);
});

test("masks of other lengths and ids, prompts that are learnt from, spans inside words", () => {
  const short = linted({ chosen_mask: [1, 1, 1, 1, 0], rejected_mask: rejected });
  assert.deepEqual([short.faults, short.sides!.chosen.mask!.excess], [["length"], -2]);
  const whole = linted({ chosen_mask: [1, ...zeros.slice(1), ...exact, 1], rejected_mask: rejected });
  assert.deepEqual(whole.faults, ["prompt"]);
  const foreign = linted({ chosen_ids: exact, chosen_mask: exact, rejected_mask: rejected });
  assert.deepEqual(foreign.faults, ["tokens"]);
  assert.throws(
    () => takeMasks({ chosen_ids: [1], chosen_mask: [1, 1] }, "f:3"),
    userError(/f:3, chosen_ids: expected an id for each of the mask's 2 places, got 1/),
  );
  assert.throws(() => takeMasks({ chosen_mask: ["x"] }, "f:4"), userError(/f:4, chosen_mask: expected/));
  const inWord: PreferencePair = {
    ...pair,
    rejected: { completion: "One two.", sentences: [{ start: 0, end: 5, verdict: "unverifiable" }] },
  };
  assert.deepEqual(lintPair(inWord, {}, "f:5", tokenizer).faults, ["span"]);
});

test("texts that nobody judged: only the boundaries count", () => {
  const bare = {
    ...pair,
    chosen: { completion: chosen, sentences: [] },
    rejected: { completion: "A x.", sentences: [] },
  };
  const row = (bits: number[]) => lintPair(bare, { chosen: { bits } }, "f:1", tokenizer);
  assert.deepEqual(row(exact).faults, []);
  const { faults, sides } = row([1, 1, 1, 0, 0, 0, 0]);
  assert.deepEqual(
    [faults, sides!.chosen.drift, sides!.chosen.wronglyLearnt],
    [["boundary"], { tokens: -1, characters: -1 }, undefined],
  );
});

function officialRow(sents: string[], type: string[]): unknown {
  return {
    prompt: pair.prompt,
    chosen: [{ role: "assistant", content: chosen }],
    chosen_item: { sents, type },
    rejected: [{ role: "assistant", content: "A x." }],
    rejected_item: { sents: ["A x."], type: ["hallucination"] },
  };
}

test("official rows as their trainer masks them", () => {
  const lint = (sents: string[], type: string[]) => lintOfficial(officialRow(sents, type), "f:1", tokenizer);
  // the line break is in the first string: the counts add up
  assert.deepEqual(lint(["A b.\n", "C d."], ["no_hallucination", "hallucination"]).faults, []);
  const drifted = lint(["A b.", "C d."], ["no_hallucination", "hallucination"]);
  assert.deepEqual([drifted.faults, drifted.sides!.chosen.shown], [["wrong", "boundary"], "A b.[-↵-]C d{+.+}"]);
  const over = lint(["A b. \n", "C d."], ["no_hallucination", "hallucination"]);
  assert.deepEqual(over.faults, ["wrong", "boundary"]);
  assert.equal(over.sides!.chosen.closingMasked, true);
  const further = lint(["A b. \n \n", "C d."], ["no_hallucination", "hallucination"]);
  assert.deepEqual(further.faults, ["unmasked", "wrong"]);
  assert.deepEqual(lint(["A b.\n", "C d."], ["ok", "contradictory"]).faults, ["labels", "wrong"]);
  const missing = lint(["A b.", "C e."], ["no_hallucination", "hallucination"]);
  assert.deepEqual([missing.faults, missing.sides], [["missing"], undefined]);
});

const folder = labelsFolder();

test(
  "pairs of human labels as official rows: what notebook 07 counts",
  { skip: !folder && "no FActScore labels (MASK_DPO_FACTSCORE)" },
  () => {
    const models = ["InstructGPT", "ChatGPT"].map((name) => readHumanLabels(path.join(folder!, `${name}.jsonl`)));
    const candidates = models.flatMap((responses, i) => humanCandidates(responses, i).candidates);
    const pairs = buildPairs(candidates, humanQuestions(models), { seed: 1 }).pairs.slice(0, 30);
    const atlas = loadTokenizer(atlasFolder);
    const rows = pairs.map((pair, i) => lintOfficial(official.write(pair), `f:${i + 1}`, atlas));
    const exactly = pairs.map((pair) => tokenizePair(pair, atlas, promptIds(atlas, pair.prompt), { mask: "paper" }));
    const report = compareOfficialMasks(exactly, atlas, "span");
    const { faults, faulty, wronglyMasked, wronglyLearnt, closingMasked, tokens } = summarise(rows);
    assert.ok(report.fallbacks > 0 && report.drifted > 0);
    assert.equal(faults.unmasked, report.fallbacks);
    assert.equal(faults.wrong, report.fallbacks + report.drifted);
    assert.equal(faulty, faults.wrong);
    assert.equal(wronglyMasked + wronglyLearnt, report.wrongByFallback + report.wrongByDrift);
    assert.equal(closingMasked, report.closingMasked);
    assert.equal(tokens + 2 * pairs.length, report.tokens, "closing tokens apart");
  },
);
