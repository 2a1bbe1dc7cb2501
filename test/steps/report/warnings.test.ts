/** Every warning of a report: what it says, and that it is silent where there is nothing to beware of. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { paperTraining } from "../../../lib/align/trainOptions";
import type { AnnotatedCandidate, Question, Verdict } from "../../../lib/factuality/records";
import type { PolicyAnswers } from "../../../lib/steps/report/answers";
import type { Training } from "../../../lib/steps/report/training";
import { cutAnswers } from "../../../lib/steps/report/warnings/cutAnswers";
import { fewTopics } from "../../../lib/steps/report/warnings/fewTopics";
import { hardlyMoved } from "../../../lib/steps/report/warnings/hardlyMoved";
import { looping } from "../../../lib/steps/report/warnings/looping";
import { noFacts } from "../../../lib/steps/report/warnings/noFacts";
import { oneVerdict } from "../../../lib/steps/report/warnings/oneVerdict";
import { repeated } from "../../../lib/steps/report/warnings/repeated";
import { silent } from "../../../lib/steps/report/warnings/silent";
import type { Warning } from "../../../lib/steps/report/warnings/warning";

const letters: Readonly<Record<string, Verdict>> = { S: "supported", C: "contradictory", N: "no-fact" };

const questions: Question[] = Array.from({ length: 12 }, (_, i) => ({
  id: `q${i}`,
  topic: `t${i}`,
  prompt: [{ role: "user", content: `And ${i}?` }],
}));

type Answer = (question: number) => { verdicts: string; words?: string[]; finished?: boolean };

/** An answer to each question: a sentence a letter, of this policy's own words unless they are given. */
function policy(name: string, answer: Answer): PolicyAnswers {
  const answers = questions.map(({ id }, q): AnnotatedCandidate => {
    const { verdicts, words, finished } = answer(q);
    const texts = [...verdicts].map((_, s) => `${words?.[s] ?? `${name} ${s}`}.`);
    const sentences = texts.map((text, s) => {
      const start = texts.slice(0, s).join(" ").length + Math.min(s, 1);
      return { start, end: start + text.length, verdict: letters[verdicts[s]!]! };
    });
    return { questionId: id, index: 0, completion: texts.join(" "), sentences, seed: 1, finished };
  });
  return { name, file: `${name}.jsonl`, answers, each: 1, sha256: "" };
}

const warn = (warning: Warning, before: Answer, after: Answer, trained: Training[] = []): string[] =>
  warning({
    request: { questions: "questions.jsonl" },
    inputs: {
      questions,
      topics: questions.length,
      answers: [policy("base", before), policy("aligned", after)],
      sampled: [],
      trained,
      files: [],
    },
  });

const plain: Answer = () => ({ verdicts: "SC" });

test("the policy hardly moved: by its answers", () => {
  const same =
    (upTo: number): Answer =>
    (q) => ({ verdicts: "SC", ...(q < upTo && { words: ["base 0", "base 1"] }) });
  assert.deepEqual(warn(hardlyMoved, plain, same(10)), [
    "aligned hardly moved: 83 % of its answers are those of base, word for word (aligned.jsonl). " +
      "Train longer, or at a higher rate.",
  ]);
  assert.deepEqual(warn(hardlyMoved, plain, same(9)), []);
});

test("the policy hardly moved: by its log-ratios", () => {
  const training = (chosenReward: number, objective = paperTraining.objective): Training => {
    const step = { step: 1, loss: 0.6, accuracy: 1, margin: 0, gradNorm: 1, rejectedReward: -0.02 };
    const { microbatch: _, ...options } = { ...paperTraining, objective };
    const run = { reference: "r", pairs: "p", mask: "paper" as const, seed: 1, engine: "wasm", options };
    return {
      name: "aligned",
      file: "aligned",
      logs: [
        { ...step, chosenReward: 9 },
        { ...step, chosenReward },
      ],
      run,
    };
  };
  assert.deepEqual(warn(hardlyMoved, plain, plain, [training(0.01)]), [
    "aligned hardly moved: its log-ratios to the reference ended at 0.10 nats on chosen and -0.20 on rejected " +
      "answers. Train longer, or at a higher rate.",
  ]);
  assert.deepEqual(warn(hardlyMoved, plain, plain, [training(0.06)]), [], "0.6 nats at beta 0.1");
  const other = { ...paperTraining.objective, name: "simpo" };
  assert.deepEqual(warn(hardlyMoved, plain, plain, [training(0.01, other)]), [], "whose rewards are no log-ratios");
});

test("so few topics can show only so much", () => {
  const mixed =
    (right: number): Answer =>
    (q) => ({ verdicts: q % 3 < right ? "SS" : "CC" });
  const [said, ...more] = warn(fewTopics, (q) => ({ verdicts: q % 2 ? "SS" : "CC" }), mixed(2));
  assert.match(
    said!,
    /^12 topics can show \d\d\.\d points or more \(with probability 0\.8\), and aligned and base differ by 16\.7 /,
  );
  assert.deepEqual(more, []);
  assert.deepEqual(
    warn(
      fewTopics,
      () => ({ verdicts: "CC" }),
      () => ({ verdicts: "SS" }),
    ),
    [],
  );
  const silent: Answer = () => ({ verdicts: "" });
  assert.deepEqual(warn(fewTopics, silent, silent), [], "nothing is said, so nothing is planned");
});

test("sentences that state no fact", () => {
  const tripled = warn(
    noFacts,
    (q) => ({ verdicts: q < 4 ? "SN" : "SC" }),
    () => ({ verdicts: "SN" }),
  );
  assert.match(
    tripled.join(),
    /^aligned has more sentences that state no fact: 1\.00 an answer, 0\.33 of base, 3\.0 times as many \(aligned/,
  );
  assert.match(
    warn(noFacts, plain, () => ({ verdicts: "SN" })).join(),
    /1\.00 an answer, 0\.00 of base, where there were/,
  );
  assert.deepEqual(
    warn(noFacts, plain, (q) => ({ verdicts: q < 2 ? "SN" : "SC" })),
    [],
    "too few to matter",
  );
  assert.deepEqual(
    warn(
      noFacts,
      () => ({ verdicts: "SN" }),
      () => ({ verdicts: "SCN" }),
    ),
    [],
  );
});

test("answers that were cut", () => {
  const cut =
    (upTo: number): Answer =>
    (q) => ({ verdicts: "SC", finished: q >= upTo });
  assert.deepEqual(warn(cutAnswers, plain, cut(3)), [
    "25 % of the answers of aligned were cut before their end (aligned.jsonl): what they would have said further is " +
      "not judged. Sample with a higher --max-new-tokens.",
  ]);
  assert.deepEqual(warn(cutAnswers, plain, cut(0)), []);
});

test("sentences that are said again", () => {
  const again: Answer = () => ({ verdicts: "SSS", words: ["It is large", "it is  LARGE", "It is old"] });
  assert.deepEqual(warn(repeated, plain, again), [
    "33 % of the sentences of aligned were said before in the same answer (aligned.jsonl), " +
      "and each counts in the score.",
  ]);
  assert.deepEqual(warn(repeated, plain, plain), []);
});

test("answers that loop, by words and by runs of words, in any script; a table and a laugh do not", () => {
  const saying =
    (words: string): Answer =>
    (q) => ({ verdicts: "S", ...(q === 0 && { words: [words] }) });
  assert.deepEqual(warn(looping, plain, saying(`It is in ${"Africa ".repeat(8)}`)), [
    "8.3 % of the answers of aligned say the same words 8 times in a row or more (aligned.jsonl): read some before " +
      "any score. Training too far, or too fast, does that.",
  ]);
  for (const loop of ["it is so and ", "城市在河边", "Ночь, "])
    assert.equal(warn(looping, plain, saying(loop.repeat(8))).length, 1, loop);
  for (const fine of [`It is ${"very ".repeat(7)}far`, "one two one three ".repeat(7), `|${" --- |".repeat(9)}`])
    assert.deepEqual(warn(looping, plain, saying(fine)), [], fine);
});

test("an annotator that never says no, or never yes", () => {
  const all =
    (verdicts: string): Answer =>
    () => ({ verdicts });
  const [right] = warn(oneVerdict, all("SS"), all("SN"));
  assert.match(right!, /^All 48 sentences were judged free of hallucination: scores have no spread/);
  assert.match(warn(oneVerdict, all("CC"), all("CC"))[0]!, /judged hallucinations/);
  assert.deepEqual(
    warn(oneVerdict, all("SS"), (q) => ({ verdicts: q === 0 ? "C" : "S" })),
    [],
  );
  assert.deepEqual(warn(oneVerdict, all("S"), all("S")), [], "24 may be alike");
});

test("answers without a sentence", () => {
  const [said, ...more] = warn(silent, plain, (q) => ({ verdicts: q === 0 ? "" : "SC" }));
  assert.match(said!, /^8\.3 % of the answers of aligned have no sentence \(aligned\.jsonl\)/);
  assert.deepEqual(more, []);
  assert.deepEqual(warn(silent, plain, plain), []);
});
