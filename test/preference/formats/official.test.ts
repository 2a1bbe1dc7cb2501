/**
 * The official code's rows: both vocabularies, sentences that are not in their text, FActScore's texts there and back.
 */
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import {
  humanCandidates,
  humanQuestions,
  readHumanLabels,
  type LocationReport,
} from "../../../lib/factuality/humanLabels";
import { isHallucination } from "../../../lib/factuality/verdict";
import { labelsFolder } from "../../../lib/paper/human/study";
import { tokenizePairs } from "../../../lib/preference/collate";
import { official } from "../../../lib/preference/formats/official";
import { buildPairs } from "../../../lib/preference/pair";
import { promptIds } from "../../../lib/text/prompt";
import { loadTokenizer } from "../../../lib/text/tokenizer";
import { atlasFolder } from "../../../lib/world/facts";
import { userError, inOrder } from "../../golden/fixtures";
import { pairOf } from "../fixtures";

const report = (): LocationReport => ({ sentences: 0, verbatim: 0, loose: 0, missing: [] });
const item = (sents: string[], type: string[]) => ({ sents, type });
const row = (chosen: string, chosen_item: object, rejected: string, rejected_item: object) => ({
  prompt: [{ role: "user", content: "Who?" }],
  chosen: [{ role: "assistant", content: chosen }],
  chosen_item,
  rejected: [{ role: "assistant", content: rejected }],
  rejected_item,
  kept_by_nobody: 1,
});
const good = item(["B is real."], ["ok"]);

test("labels of the trainer and of the annotator; spans in the text; scores of the sentences", () => {
  const found = report();
  const pair = official.read(
    row(
      "A was born.  She\nsings. Hello.",
      item(["A was born.", "She sings.", "Hello."], ["no_hallucination", "hallucination", "nofact"]),
      "Yes. No. B is real.",
      item(["Yes.", "No.", "B is real."], ["contradictory", "unverifiable", "ok"]),
    ),
    "d/f.jsonl:4",
    found,
  )!;
  assert.deepEqual(pair.chosen.sentences, [
    { start: 0, end: 11, verdict: "supported" },
    { start: 13, end: 23, verdict: "unverifiable" },
    { start: 24, end: 30, verdict: "no-fact" },
  ]);
  assert.deepEqual(
    pair.rejected.sentences.map(({ verdict }) => verdict),
    ["contradictory", "unverifiable", "supported"],
  );
  assert.deepEqual(
    [pair.questionId, pair.topic, pair.scores],
    ["f.jsonl:4", "f.jsonl:4", { chosen: 2 / 3, rejected: 1 / 3 }],
  );
  assert.deepEqual(found, { sentences: 6, verbatim: 5, loose: 1, missing: [] });
});

test("a sentence that is not in the text: the pair is left out, the sentence counted and named", () => {
  const found = report();
  assert.equal(
    official.read(
      row("B is real.", item(["B was real.", "B is real."], ["ok", "ok"]), "B is real.", good),
      "f.jsonl:9",
      found,
    ),
    undefined,
  );
  assert.deepEqual(found, { sentences: 3, verbatim: 2, loose: 0, missing: ["f.jsonl:9 chosen sentence 1"] });
});

test("malformed rows are refused with their place", () => {
  const bad: [object, RegExp][] = [
    [
      row("B is real.", item(["B is real."], ["Hallucination"]), "x", good),
      /f\.jsonl:2: expected a valid "chosen_item\.type\.0"/,
    ],
    [row("B is real.", item(["B is real."], []), "x", good), /"chosen_item" \(expected one type for each of sents\)/],
    [{ ...row("a", good, "b", good), chosen: [] }, /"chosen" \(Array must contain exactly 1/],
    [{ ...row("a", good, "b", good), chosen: [{ role: "user", content: "a" }] }, /"chosen\.0\.role"/],
    [{ ...row("a", good, "b", good), prompt: [] }, /"prompt"/],
    [{ ...row("a", good, "b", good), rejected_item: undefined }, /"rejected_item" \(Required\)/],
  ];
  for (const [value, message] of bad)
    assert.throws(() => official.read(value, "f.jsonl:2", report()), userError(message));
});

test("sentences edited beside the column mask_dpo are refused", () => {
  const written = official.write(pairOf("q", "SC", "CS")) as { chosen_item: { sents: string[]; type: string[] } };
  const edited = (change: (item: { sents: string[]; type: string[] }) => void) => {
    const copy = structuredClone(written);
    change(copy.chosen_item);
    return copy;
  };
  for (const change of [
    (i: { type: string[] }) => {
      i.type[1] = "no_hallucination";
    },
    (i: { sents: string[] }) => {
      i.sents[1] = "s01";
    },
    (i: { sents: string[]; type: string[] }) => {
      i.sents.pop();
      i.type.pop();
    },
  ]) {
    assert.throws(
      () => official.read(edited(change), "f.jsonl:1", report()),
      userError(
        inOrder(
          /f\.jsonl:1, chosen_item: expected the sentences and labels that the row's column mask_dpo has, /,
          /got others from sentence 2 on/,
        ),
      ),
    );
  }
  assert.ok(
    official.read(
      edited((i) => {
        i.type[1] = "contradictory";
      }),
      "f.jsonl:1",
      report(),
    ),
    "another word for the same a_i",
  );
});

test("sentences of words, each unlike the others, are found where they were, whatever stands between them", () => {
  const sentence = fc
    .array(fc.stringMatching(/^[a-z]{1,6}$/), { minLength: 1, maxLength: 4 })
    .map((words) => words.join(" "));
  const gap = fc.constantFrom(" ", "\n", "  \n ", " [3] ");
  fc.assert(
    fc.property(fc.array(fc.tuple(sentence, gap), { minLength: 1, maxLength: 8 }), (pieces) => {
      const texts = pieces.map(([words], i) => `${i}: ${words}.`);
      const completion = pieces.map(([, between], i) => texts[i] + between).join("");
      const sentences = official.read(
        row(
          completion,
          item(
            texts,
            texts.map(() => "ok"),
          ),
          "x",
          item([], []),
        ),
        "f:1",
        report(),
      )!.chosen.sentences;
      assert.deepEqual(
        sentences.map(({ start, end }) => completion.slice(start, end)),
        texts,
      );
    }),
  );
});

test("a text of 20,000 sentences, all missing but the last, takes no time worth naming", () => {
  const texts = Array.from({ length: 20_000 }, (_, i) => `Sentence ${i} is true.`);
  const found = report();
  const completion = texts.join(" ");
  const labels = texts.map(() => "ok");
  const started = performance.now();
  assert.equal(
    official.read(row(completion, item(texts, labels), "x", item([], [])), "f:1", found)!.chosen.sentences.length,
    20_000,
  );
  official.read(row(completion.slice(-100), item(texts, labels), "x", item([], [])), "f:2", found);
  assert.ok(found.missing.length > 19_990);
  assert.ok(performance.now() - started < 10_000);
});

const folder = labelsFolder();
test(
  "FActScore's biographies: the same pairs and masks come back; sentences and labels alone give the same spans",
  { skip: !folder && "no FActScore labels (MASK_DPO_FACTSCORE)" },
  () => {
    const models = ["InstructGPT", "ChatGPT"].map((name) => readHumanLabels(path.join(folder!, `${name}.jsonl`)));
    const { pairs } = buildPairs(
      models.flatMap((responses, index) => humanCandidates(responses, index).candidates),
      humanQuestions(models),
      { seed: 1 },
    );
    assert.equal(pairs.length, 133);
    const written = pairs.map((pair) => JSON.stringify(official.write(pair)));
    assert.deepEqual(
      written.map((line, i) => official.read(JSON.parse(line), `f:${i}`, report())),
      pairs,
    );

    const found = report();
    const read = written.map((line, i) =>
      official.read({ ...JSON.parse(line), mask_dpo: undefined }, `f:${i}`, found)!,
    );
    assert.deepEqual(found.missing, []);
    const spans = (of: typeof pairs) =>
      of.map(({ chosen, rejected, scores }) => [
        scores,
        [chosen, rejected].map(({ completion, sentences }) => [
          completion,
          sentences.map(({ start, end, verdict }) => [start, end, isHallucination(verdict)]),
        ]),
      ]);
    assert.deepEqual(spans(read), spans(pairs));
    const tokenizer = loadTokenizer(atlasFolder);
    const masks = (of: typeof pairs) =>
      tokenizePairs(of, tokenizer, (prompt) => promptIds(tokenizer, prompt), {
        mask: "paper",
        maxPositions: Infinity,
      }).pairs.map(({ chosen, rejected }) => [chosen.ids, chosen.weights, rejected.ids, rejected.weights]);
    assert.deepEqual(masks(read), masks(pairs));
    assert.equal(masks(read).length, 133);
  },
);
