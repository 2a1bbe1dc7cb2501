/** Notebook 07 on made-up label files, without any, and with the real ones where they are. */
import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test, type TestContext } from "node:test";
import {
  humanMasks,
  humanModelNames,
  humanPreferences,
  labelsFolder,
  readHumanModels,
  scoresByRarity,
} from "../../../lib/paper/human/study";
import {
  factScoreTable,
  humanMixingTable,
  humanNumbers,
  humanPairTable,
  humanScores,
  keptTokensTable,
  labelTable,
  officialMaskTable,
  rarityFigure,
} from "../../../lib/paper/human/tables";
import type { Session } from "../../../lib/lab/session";
import { toMarkdown } from "../../../lib/show/table";
import { mixingOf, tokenShares } from "../../../lib/preference/mixing";
import { atlasFolder } from "../../../lib/world/facts";
import { scratch, userError } from "../../golden/fixtures";
import { goldenPath } from "../../golden/golden";

const session = (t: TestContext): Session => ({ seed: 1, runs: scratch(t) }) as unknown as Session;
const pair = ["ChatGPT", "InstructGPT"] as const;

/** Three topics: both respond, one abstains, both are all wrong. */
function labelFolder(t: TestContext): string {
  const dir = scratch(t);
  const fact = (label: string) => ({ text: "f", label });
  const sentence = (text: string, label: string) => ({
    text,
    "is-relevant": true,
    "model-atomic-facts": [],
    "human-atomic-facts": [fact(label)],
  });
  humanModelNames.forEach((name, m) => {
    const row = (topic: string, rarity: string, labels: string[] | null) => ({
      input: `Tell me a bio of ${topic}.`,
      topic,
      cat: [rarity, "x"],
      output: labels ? labels.map((_, i) => `${name} says ${i}.`).join(" ") : "I do not know.",
      annotations: labels?.map((label, i) => sentence(`${name} says ${i}.`, label)) ?? null,
    });
    const rows = [
      row("Ada", "rare", m === 0 ? ["S", "NS", "NS"] : ["S", "S", "NS", "IR"]),
      row("Bo", "freq", m === 1 ? null : ["S"]),
      row("Cy", "freq", ["NS"]),
    ];
    writeFileSync(path.join(dir, `${name}.jsonl`), rows.map((r) => `${JSON.stringify(r)}\n`).join(""));
  });
  return dir;
}

test("label files become scores, pairs, masks, tables and figures", (t) => {
  const run = session(t);
  const models = readHumanModels(run, labelFolder(t))!;
  assert.deepEqual(
    models.map(({ score }) => score.score.value.toFixed(4)),
    [((1 / 3 + 1) / 3).toFixed(4), (0.5 / 2).toFixed(4), (1.5 / 3).toFixed(4)],
  );
  assert.deepEqual(
    scoresByRarity(models[1]!, run).map(({ score }) => score?.value ?? null),
    [null, 0.5, null, 0, null],
  );
  const preferences = humanPreferences(run, models, pair);
  assert.deepEqual(preferences.report, {
    questions: 3,
    pairs: 1,
    tooFewCandidates: 1,
    chosenWithoutCorrect: 1,
    rejectedWithoutIncorrect: 0,
    identical: 0,
    emptyCandidates: 0,
    chosenNoFactOnly: 0,
  });
  assert.deepEqual(
    preferences.pairs.map(({ topic, scores }) => [topic, scores]),
    [["Ada", { chosen: 0.75, rejected: 1 / 3 }]],
  );
  assert.throws(
    () =>
      humanPreferences(
        run,
        models.map((model) => ({ ...model, candidates: [] })),
        pair,
      ),
    userError(/at least one pair of ChatGPT and InstructGPT, got none from 3 topics/),
  );
  const masks = humanMasks(preferences.pairs, 1, goldenPath("text", "llama3"));
  assert.match(masks.tokenizer, /^tokenizer llama3, \d+ ids$/);
  const mixing = mixingOf(preferences.pairs);
  const text = [
    labelTable(models),
    factScoreTable(models),
    humanPairTable(preferences.report),
    humanMixingTable(mixing, tokenShares(masks.pairs), masks),
    keptTokensTable(masks),
    officialMaskTable(masks),
  ]
    .map(toMarkdown)
    .join("\n");
  assert.match(text, /\| ChatGPT \| 3 \| 1 \| 5 \| 5 \| 0 \| 0 \| 2 \| 2 \| 1 \|/);
  assert.match(text, /\| none \| 100\.0 \| 100\.0 \|/);
  assert.match(text, /wrong sentences in chosen \(%\) \| 25 \|/);
  assert.deepEqual(
    [rarityFigure(run, models), humanScores(preferences)].map(({ name }) => name),
    ["07-rarity", "07-candidate-scores"],
  );
  assert.equal(humanNumbers(models, mixing, masks).length, 7);
});

test("no folder, no models; a named folder must be there", (t) => {
  const before = process.env.MASK_DPO_FACTSCORE;
  t.after(() => {
    if (before === undefined) delete process.env.MASK_DPO_FACTSCORE;
    else process.env.MASK_DPO_FACTSCORE = before;
  });
  process.env.MASK_DPO_FACTSCORE = path.join(scratch(t), "none");
  assert.throws(labelsFolder, userError(/MASK_DPO_FACTSCORE: expected a folder with InstructGPT\.jsonl, /));
  process.env.MASK_DPO_FACTSCORE = scratch(t); // a folder without files
  assert.throws(() => readHumanModels(session(t)), userError(/InstructGPT\.jsonl: expected a readable file/));
  delete process.env.MASK_DPO_FACTSCORE;
  const folder = labelsFolder();
  if (folder) assert.ok(existsSync(folder));
  else assert.equal(readHumanModels(session(t)), undefined);
});

test(
  "the real labels: pairs of both models, and every mask",
  { skip: !labelsFolder() && "no FActScore labels (MASK_DPO_FACTSCORE)" },
  (t) => {
    const run = session(t);
    const models = readHumanModels(run)!;
    const { pairs, report } = humanPreferences(run, models, pair);
    assert.deepEqual([report.questions, report.tooFewCandidates, report.pairs], [183, 27, 133]);
    const { official, report: tokenized } = humanMasks(pairs, 1, atlasFolder);
    assert.deepEqual([tokenized.emptied, tokenized.tooLong], [[], []]);
    for (const counts of Object.values(official))
      assert.ok(counts.fallbacks > 0 && counts.drifted > 0 && counts.fallbacks + counts.drifted <= counts.pairs);
  },
);
