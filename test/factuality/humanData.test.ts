// The real label files, where they are: what is known of them, and the published scores.
import assert from "node:assert/strict";
import path from "node:path";
import test from "node:test";
import { Rng } from "../../lib/base/rng";
import { factScore } from "../../lib/factuality/factScore";
import { factLabels, humanCandidates, humanQuestions, readHumanLabels } from "../../lib/factuality/humanLabels";
import { annotatedCandidateSchema } from "../../lib/factuality/records";
import { labelsFolder } from "../../lib/paper/human/study";

const folder = labelsFolder();
const skip = !folder && "no FActScore labels (MASK_DPO_FACTSCORE)";
const read = (name: string) => readHumanLabels(path.join(folder!, `${name}.jsonl`));

/** Published: Min et al. 2023, Table 1. */
const known = [
  { name: "ChatGPT", responding: 157, sentences: 1241, verbatim: 1241, published: 58.3, labelled: 5426, irrelevant: 2 },
  {
    name: "InstructGPT",
    responding: 182,
    sentences: 1123,
    verbatim: 1123,
    published: 42.5,
    labelled: 4726,
    irrelevant: 38,
  },
  {
    name: "PerplexityAI",
    responding: 166,
    sentences: 1625,
    verbatim: 618,
    published: 71.5,
    labelled: 5888,
    irrelevant: 1003,
  },
];

for (const { name, responding, sentences, verbatim, published, labelled, irrelevant } of known) {
  test(`${name}: every sentence is found, and the published score comes out`, { skip }, () => {
    const responses = read(name);
    const { candidates, report } = humanCandidates(responses, 0);
    assert.deepEqual(report, { sentences, verbatim, loose: sentences - verbatim, missing: [] });
    assert.equal(candidates.length, responding);
    for (const row of candidates) annotatedCandidateSchema.parse(row);
    const score = factScore(responses.map(factLabels), new Rng(1), { resamples: 200 });
    assert.deepEqual([score.topics, score.responding], [183, responding]);
    assert.equal(score.facts.S + score.facts.NS + score.facts.IR, labelled + irrelevant);
    assert.ok(
      Math.abs(100 * score.score.value - published) < 0.15,
      `${100 * score.score.value}, published ${published}`,
    );
  });
}

test("the three files ask the same 183 questions", { skip }, () => {
  assert.equal(humanQuestions(known.map(({ name }) => read(name))).length, 183);
});
