/**
 * How far an annotator agrees with human labels, sentence by sentence: accuracy, Cohen's kappa, and precision, recall
 * and F1 of finding hallucinations. Every statistic is a function of the confusion matrix, so its BCa bootstrap over
 * topics costs one matrix per topic. Checked against scikit-learn (test/golden/agreement.json).
 *
 * A statistic that divides by nothing is 0: F1 where nobody sees a hallucination, kappa where both always say the same.
 */
import { sum } from "../base/collections";
import { UserError, brief } from "../base/check";
import type { Rng } from "../base/rng";
import { type BootstrapOptions, bootstrap, type Interval, type Statistic } from "../base/stats";
import { unknownQuestion } from "./annotator";
import { type AnnotatedCandidate, type Question, type Verdict, verdictSchema, candidateKey } from "./records";
import { isHallucination } from "./verdict";

/** Order of rows (human) and columns (annotator) of the confusion matrix. */
export const verdictOrder: readonly Verdict[] = verdictSchema.options;

export interface Agreement {
  topics: number;
  sentences: number;
  /** [human][annotator], in `verdictOrder`. */
  confusion: number[][];
  /** Of the four verdicts. */
  verdicts: Record<"accuracy" | "kappa", Interval>;
  /** Of a_i (Eq. 4): hallucination or not. */
  hallucination: Record<"accuracy" | "kappa" | "precision" | "recall" | "f1", Interval>;
}

const V = verdictOrder.length;
const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

/** Rows of a confusion matrix of c classes, from its flat sums. */
function matrix(sums: ArrayLike<number>, c: number): number[][] {
  return Array.from({ length: c }, (_, i) => Array.from({ length: c }, (_, j) => sums[i * c + j]!));
}

function accuracy(m: readonly number[][]): number {
  return share(sum(m.map((row, i) => row[i]!)), sum(m.flat()));
}

/** (p_o - p_e) / (1 - p_e) of Cohen 1960. */
function kappa(m: readonly number[][]): number {
  const n = sum(m.flat());
  const chance = share(sum(m.map((row, i) => sum(row) * sum(m.map((other) => other[i]!)))), n * n);
  return share(accuracy(m) - chance, 1 - chance);
}

/** [human][annotator] of no hallucination and hallucination. */
function binary(m: readonly number[][]): number[][] {
  const out = [
    [0, 0],
    [0, 0],
  ];
  m.forEach((row, i) =>
    row.forEach((count, j) => {
      out[Number(isHallucination(verdictOrder[i]!))]![Number(isHallucination(verdictOrder[j]!))]! += count;
    }),
  );
  return out;
}

/** Flat confusion matrices [V * V] of the topics that both have a sentence of. */
function byTopics(
  human: readonly AnnotatedCandidate[],
  judged: readonly AnnotatedCandidate[],
  questions: readonly Question[],
): Float64Array[] {
  const byKey = new Map(judged.map((row) => [candidateKey(row), row]));
  const topicOf = new Map(questions.map(({ id, topic }) => [id, topic]));
  const byTopic = new Map<string, Float64Array>();
  for (const row of human) {
    const other = byKey.get(candidateKey(row));
    if (!other) continue;
    checkAlike(row, other);
    const topic = topicOf.get(row.questionId);
    if (topic === undefined) throw unknownQuestion(row);
    const cells = byTopic.get(topic) ?? new Float64Array(V * V);
    byTopic.set(topic, cells);
    row.sentences.forEach(({ verdict }, s) => {
      cells[V * verdictOrder.indexOf(verdict) + verdictOrder.indexOf(other.sentences[s]!.verdict)]!++;
    });
  }
  const topics = [...byTopic.values()].filter((cells) => cells.some((count) => count > 0));
  if (topics.length === 0)
    throw new UserError({
      where: "agreement",
      expected: "sentences that both files have",
      got: `none in ${human.length} and ${judged.length} candidates`,
      fix: "Annotate the candidates that people labelled.",
    });
  return topics;
}

/** Cells [V * V] of all topics: what a bootstrap over topics takes. */
function columnsOf(topics: readonly Float64Array[]): number[][] {
  return Array.from({ length: V * V }, (_, cell) => topics.map((cells) => cells[cell]!));
}

/**
 * Compares the sentences of the candidates that both have.
 * @throws UserError where the two cut a candidate differently, where they share none, or for an unknown question
 */
export function agreement(
  human: readonly AnnotatedCandidate[],
  judged: readonly AnnotatedCandidate[],
  questions: readonly Question[],
  rng: Rng,
  options: BootstrapOptions = {},
): Agreement {
  const topics = byTopics(human, judged, questions);
  const columns = columnsOf(topics);
  const interval = (name: string, statistic: (m: number[][]) => number): Interval => {
    const ofSums: Statistic = (sums) => statistic(matrix(sums, V));
    return bootstrap(columns, ofSums, rng.fork(name), options);
  };
  const ofBinary = (name: string, statistic: (m: number[][]) => number): Interval =>
    interval(name, (m) => statistic(binary(m)));
  const confusion = matrix(columns.map(sum), V);
  return {
    topics: topics.length,
    sentences: sum(confusion.flat()),
    confusion,
    verdicts: { accuracy: interval("accuracy", accuracy), kappa: interval("kappa", kappa) },
    hallucination: {
      accuracy: ofBinary("binary accuracy", accuracy),
      kappa: ofBinary("binary kappa", kappa),
      precision: ofBinary("precision", (m) => share(m[1]![1]!, m[0]![1]! + m[1]![1]!)),
      recall: ofBinary("recall", (m) => share(m[1]![1]!, m[1]![0]! + m[1]![1]!)),
      f1: ofBinary("f1", (m) => share(2 * m[1]![1]!, m[0]![1]! + m[1]![0]! + 2 * m[1]![1]!)),
    },
  };
}

/** How each verdict is given: of those the annotator gives, and of those people give, the share that agrees. */
export interface VerdictAgreement {
  verdict: Verdict;
  /** sentences that people, and the annotator, give it */
  labelled: number;
  judged: number;
  precision: Interval;
  recall: Interval;
}

/** Verdict by verdict, in `verdictOrder`. @throws UserError as `agreement` */
export function verdictAgreement(
  human: readonly AnnotatedCandidate[],
  judged: readonly AnnotatedCandidate[],
  questions: readonly Question[],
  rng: Rng,
  options: BootstrapOptions = {},
): VerdictAgreement[] {
  const columns = columnsOf(byTopics(human, judged, questions));
  const total = matrix(columns.map(sum), V);
  return verdictOrder.map((verdict, v) => {
    const interval = (name: string, whole: (m: number[][]) => number): Interval =>
      bootstrap(
        columns,
        (sums) => share(sums[V * v + v]!, whole(matrix(sums, V))),
        rng.fork(`${verdict} ${name}`),
        options,
      );
    const given = (m: readonly (readonly number[])[]): number => sum(m.map((row) => row[v]!));
    const read = (m: readonly (readonly number[])[]): number => sum(m[v]!);
    return {
      verdict,
      labelled: read(total),
      judged: given(total),
      precision: interval("precision", given),
      recall: interval("recall", read),
    };
  });
}

function checkAlike(a: AnnotatedCandidate, b: AnnotatedCandidate): void {
  const spans = ({ sentences }: AnnotatedCandidate): string =>
    sentences.map(({ start, end }) => `${start}-${end}`).join(" ");
  if (a.completion === b.completion && spans(a) === spans(b)) return;
  throw new UserError({
    where: `candidate ${a.index} of question ${brief(a.questionId)}`,
    expected: "the same completion, cut into the same sentences",
    got: a.completion === b.completion ? "other sentences" : "another completion",
    fix: "Annotate the human rows themselves: candidates that have sentences keep them.",
  });
}
