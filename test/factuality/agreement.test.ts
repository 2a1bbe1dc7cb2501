/** Agreement with human labels: scikit-learn's numbers, and what must hold for any labels. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Rng } from "../../lib/base/rng";
import { agreement, type Agreement, verdictOrder } from "../../lib/factuality/agreement";
import type { AnnotatedCandidate, Question, Verdict } from "../../lib/factuality/records";
import { isHallucination } from "../../lib/factuality/verdict";
import { userError } from "../golden/fixtures";
import { readGolden } from "../golden/golden";

interface Golden {
  agreement: {
    human: Verdict[][];
    judged: Verdict[][];
    confusion: number[][];
    accuracy: number;
    kappa: number;
    binary: Record<"accuracy" | "kappa" | "precision" | "recall" | "f1", number>;
  }[];
}
const cases = readGolden<Golden>("annotators.json").agreement;

const rowsOf = (verdicts: readonly (readonly Verdict[])[]): AnnotatedCandidate[] =>
  verdicts.map((row, i) => ({
    questionId: `q${i}`,
    index: 0,
    completion: "x".repeat(row.length),
    seed: 0,
    sentences: row.map((verdict, s) => ({ start: s, end: s + 1, verdict })),
  }));
const questions: Question[] = Array.from({ length: 8 }, (_, i) => ({
  id: `q${i}`,
  topic: `t${i >> 1}`,
  prompt: [{ role: "user", content: "?" }],
}));
const compare = (human: readonly (readonly Verdict[])[], judged: readonly (readonly Verdict[])[]): Agreement =>
  agreement(rowsOf(human), rowsOf(judged), questions, new Rng(1), { resamples: 500 });

test("matrix, accuracy, kappa, precision, recall and F1 are scikit-learn's", () => {
  for (const { human, judged, confusion, accuracy, kappa, binary } of cases) {
    const found = compare(human, judged);
    assert.deepEqual(found.confusion, confusion);
    assert.deepEqual([found.topics, found.sentences], [4, human.flat().length]);
    const pairs: [string, number, number][] = [
      ["accuracy", found.verdicts.accuracy.value, accuracy],
      ["kappa", found.verdicts.kappa.value, kappa],
      ...(Object.keys(binary) as (keyof typeof binary)[]).map((name): [string, number, number] => [
        name,
        found.hallucination[name].value,
        binary[name],
      ]),
    ];
    for (const [name, here, there] of pairs) assert.ok(Math.abs(here - there) < 1e-12, `${name}: ${here} vs ${there}`);
    for (const { value, low, high } of [...Object.values(found.verdicts), ...Object.values(found.hallucination)])
      assert.ok(low <= value && value <= high, `${value} [${low}, ${high}]`);
  }
});

test("perfect agreement is 1, a constant annotator has kappa 0, a swapped one less; one stream, one interval", () => {
  const { human, judged } = cases[0]!;
  const same = compare(human, human);
  assert.deepEqual(
    [same.verdicts.kappa, same.hallucination.f1],
    [
      { value: 1, low: 1, high: 1 },
      { value: 1, low: 1, high: 1 },
    ],
  );
  assert.equal(
    compare(
      human,
      human.map((row) => row.map(() => "supported")),
    ).verdicts.kappa.value,
    0,
  );
  const swapped = human.map((row) => row.map((v): Verdict => (isHallucination(v) ? "supported" : "contradictory")));
  assert.ok(compare(human, swapped).hallucination.kappa.value < 0);
  assert.deepEqual(compare(human, judged), compare(human, judged));
  const [there, back] = [compare(human, judged), compare(judged, human)];
  assert.ok(Math.abs(there.verdicts.kappa.value - back.verdicts.kappa.value) < 1e-12, "kappa is symmetric");
  assert.equal(there.hallucination.precision.value, back.hallucination.recall.value);
  assert.equal(verdictOrder.length, 4);
});

test("only what both have is compared; rows that are cut differently, or share nothing, are errors", () => {
  const { human, judged } = cases[0]!;
  const [a, b] = [rowsOf(human), rowsOf(judged)];
  assert.equal(agreement(a, b.slice(2), questions, new Rng(1), { resamples: 100 }).topics, 3);
  const cut = b.map((row, i) => (i === 1 ? { ...row, sentences: row.sentences.slice(1) } : row));
  assert.throws(
    () => agreement(a, cut, questions, new Rng(1)),
    userError(/question "q1": expected the same completion, cut into the same sentences, got other sentences/),
  );
  assert.throws(
    () => agreement(a, [{ ...b[0]!, completion: "y".repeat(b[0]!.completion.length) }], questions, new Rng(1)),
    userError(/got another completion/),
  );
  assert.throws(
    () => agreement(a, [], questions, new Rng(1)),
    userError(/expected sentences that both files have, got none/),
  );
  assert.throws(
    () => agreement(a, b, questions.slice(0, 3), new Rng(1)),
    userError(/expected a question of --questions/),
  );
});
