/**
 * What each stage of code gives for a small fixed input, hashed. Where a hash has changed, the code's numbers have:
 * raise the stage's version in lib/base/codeVersions.ts, so that results of the old code are not taken for the new
 * one's, and write version and hash here. Computed in plain JavaScript and rounded, so that processors and versions of
 * V8 agree.
 */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { computeLogps, weightedSums } from "../../lib/align/completionLogps";
import { train } from "../../lib/align/train";
import { paperTraining } from "../../lib/align/trainOptions";
import { codeVersions, isOld, type Stage } from "../../lib/base/codeVersions";
import { hashOf } from "../../lib/base/hash";
import { Rng } from "../../lib/base/rng";
import { switchEngine } from "../../lib/engine/backend";
import { answerTotals } from "../../lib/evaluation/answerTotals";
import { annotateCandidates } from "../../lib/factuality/annotator";
import { saysFacts } from "../../lib/factuality/annotators/anah";
import {
  factCheckPrompt,
  hallucinationCheckPrompt,
  referenceCheckPrompt,
} from "../../lib/factuality/annotators/anahPrompts";
import { parseFacts } from "../../lib/factuality/annotators/atomicFacts";
import type { Candidate, Question } from "../../lib/factuality/records";
import { topicEmbeddings } from "../../lib/model/embed";
import { greedySampling, paperSampling } from "../../lib/model/generate";
import { sampleCandidates } from "../../lib/preference/candidate";
import { buildPairs } from "../../lib/preference/pair";
import { readLabelled } from "../../lib/lab/prose/labels";
import { loadAtlas } from "../../lib/world/atlas";
import { gazetteerAnnotator } from "../../lib/world/gazetteer/gazetteer";
import { atlasAnnotator } from "../../lib/world/oracle";
import { proseQuestions } from "../../lib/world/proseQuestions";
import { kindOf } from "../../lib/world/question";
import { renderAnswer } from "../../lib/world/render";
import { computeOf, tinyPolicy, tokenized } from "../align/tiny";

const known: Record<Stage, { version: number; hash: string }> = {
  sampling: { version: 2, hash: "f5d41fdf249699ce" },
  annotation: { version: 1, hash: "c8f9e37e4ca46a76" },
  gazetteer: { version: 1, hash: "21bd69382c44719c" },
  pairs: { version: 1, hash: "30bf1af3a982d994" },
  training: { version: 2, hash: "1a968a0afd66e6c1" },
  judging: { version: 2, hash: "6f9d76cecd200e81" },
  evaluation: { version: 1, hash: "bbbe8ce2e63b6255" },
  embedding: { version: 2, hash: "c6f2ef245f534d55" },
};

const atlas = loadAtlas();
const questions = new Rng("behaviour").shuffle(atlas.splits.train).slice(0, 12);

/** True answers with sentences of other topics' answers among them. */
function answers(): Candidate[] {
  const rng = new Rng("answers");
  return questions.flatMap((question, i) =>
    [0, 1, 2, 3].map((index): Candidate => {
      const other = questions[(i + index) % questions.length]!;
      const sentences = [question, other].flatMap((of) =>
        renderAnswer(atlas.topic(of.topic), kindOf(question), rng)
          .split(/(?<=\.) /)
          .slice(0, 3),
      );
      return { questionId: question.id, index, completion: rng.shuffle(sentences).join(" "), seed: 0 };
    }),
  );
}
const annotated = () => annotateCandidates(answers(), questions, atlasAnnotator(atlas));

/** To four digits of the largest. */
function rounded(values: ArrayLike<number>): number[] {
  const largest = Math.max(...Array.from(values, Math.abs));
  return Array.from(values, (value) => Math.round((1e4 * value) / largest));
}

const computations: Record<Stage, () => Promise<unknown>> = {
  async sampling() {
    const policy = tinyPolicy();
    const asked = questions.slice(0, 3).map(({ id, topic }): Question => ({
      id,
      topic,
      prompt: [{ role: "user", content: `Tell me about ${topic}.` }],
    }));
    const rows = [];
    for (const sampling of [paperSampling, greedySampling])
      for await (const candidates of sampleCandidates(policy, asked, 2, { ...sampling, maxNewTokens: 8 }, 1))
        rows.push(...candidates.map(({ questionId, index, tokenIds }) => ({ questionId, index, tokenIds })));
    policy.dispose();
    return rows;
  },
  annotation: annotated,
  gazetteer: () => {
    const read = gazetteerAnnotator(atlas);
    const asked = proseQuestions(atlas, "test").slice(0, 3);
    return Promise.resolve(
      asked.map((question) => readLabelled().map(({ answer }) => read.annotate(question, answer.completion))),
    );
  },
  async pairs() {
    return buildPairs(await annotated(), questions, { seed: 1 });
  },
  async training() {
    const policy = tinyPolicy();
    const pairs = tokenized(policy, 5);
    const compute = computeOf(policy, pairs);
    const logps = await computeLogps(compute, policy.weights, pairs);
    const options = { ...paperTraining, lr: 1e-2, batch: 3, microbatch: 2, epochs: 2 };
    const steps = train({
      compute,
      initial: policy.weights,
      pairs,
      reference: weightedSums(logps, pairs),
      options,
      rng: new Rng(1),
    });
    const logs: number[] = [];
    for await (const { loss, gradNorm, margin } of steps) logs.push(loss, gradNorm, margin);
    policy.dispose();
    return [
      pairs.map(({ chosen, rejected }) => [chosen, rejected].map(({ weights }) => weights.join(""))),
      logs.map((value) => value.toPrecision(4)),
    ];
  },
  judging: () =>
    Promise.resolve([
      (["en", "zh"] as const).map((language) => [
        factCheckPrompt(language, "q", "s"),
        referenceCheckPrompt(language, "q", "s", "d"),
        hallucinationCheckPrompt(language, "q", "s", "r"),
      ]),
      parseFacts("- One is a fact.\n- Two is another.\n"),
      ["<Facts Present>", "No facts present."].map(saysFacts),
    ]),
  async evaluation() {
    return answerTotals(atlas, questions, await annotated());
  },
  async embedding() {
    const policy = tinyPolicy();
    const layers = await topicEmbeddings(policy, [
      { topic: "a", name: "Brno", prompt: [{ role: "user", content: "Where does Brno lie?" }] },
      { topic: "b", name: "Lyon", prompt: [{ role: "user", content: "What is Lyon known for?" }] },
    ]);
    policy.dispose();
    return layers.map((vectors) => [...vectors].map(([topic, vector]) => [topic, rounded(vector)]));
  },
};

before(() => switchEngine("cpu"));

for (const stage of Object.keys(known) as Stage[]) {
  test(`${stage}: the code gives what version ${known[stage].version} gave`, async () => {
    const hash = hashOf(JSON.parse(JSON.stringify(await computations[stage]()))).slice(0, 16);
    const version = codeVersions(stage)[stage];
    assert.deepEqual(
      { version, hash },
      known[stage],
      `raise ${stage} in lib/base/codeVersions.ts, and write both here`,
    );
  });
}

test("a key is old where a stage has another version, or none is said", () => {
  assert.equal(isOld({ seed: 1, code: codeVersions("sampling", "pairs") }), false);
  assert.equal(isOld({ seed: 1, code: { ...codeVersions("sampling"), pairs: 0 } }), true);
  assert.equal(isOld({ seed: 1 }), true);
});
