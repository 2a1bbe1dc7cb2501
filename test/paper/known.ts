/**
 * A session in which everything has been computed: every policy's answers have the scores a test gives them, so that a
 * row or a claim shows by its number whose answers it is made of. No engine and no model is asked for anything.
 */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { TestContext } from "node:test";
import { measures, type AnswerTotals, type Measure } from "../../lib/evaluation/answerTotals";
import { claimsTable } from "../../lib/evaluation/armTables";
import type { Claim } from "../../lib/evaluation/claims";
import type { Ask } from "../../lib/lab/candidates";
import { evaluationRun, type EvaluationName, type ShownEvaluation } from "../../lib/lab/evaluate";
import { experimentName, trainedPolicy, type Alignment, type Experiment } from "../../lib/lab/experiment";
import { preset } from "../../lib/lab/preset";
import { policyNames, seedsOf, shippedHash, type PolicyName, type Session } from "../../lib/lab/session";
import { requestsOf, type ArmSpec } from "../../lib/lab/study";
import type { Track } from "../../lib/lab/track";
import type { Figure } from "../../lib/show/figure/figure";
import type { Cell, Table } from "../../lib/show/table";
import type { Atlas } from "../../lib/world/atlas";
import { scratch } from "../golden/fixtures";

/** Percent, of all seeds together: of sentences (§3.1) and of facts (FActScore). */
export interface Scores {
  score: number;
  facts: number;
}

const topics = Array.from({ length: 12 }, (_, i) => `topic ${i}`);
const questions = topics.map((topic) => ({ id: topic, topic, prompt: [{ role: "user" as const, content: "?" }] }));

/** More seeds for the masks than for other arms, as the larger presets have it. */
export const seedCounts = { seeds: 2, maskSeeds: 3 };

/** A session whose runs are in a folder of the test. @param atlas by default twelve topics with a question each */
export function knownSession(t: TestContext, atlas?: Atlas): Session {
  const policy = (): string => {
    const dir = scratch(t);
    writeFileSync(path.join(dir, "config.json"), JSON.stringify(dir)); // a policy is known by the hash of its files
    return dir;
  };
  const splits = { train: questions, validation: questions, test: questions, ood: questions };
  return {
    engine: { name: "cpu", description: "none", arithmetic: "none", parallel: false },
    preset: { ...preset("smoke"), ...seedCounts },
    seed: 1,
    world: "atlas",
    tuning: { bases: [], arms: [] },
    atlas: atlas ?? ({ splits } as unknown as Atlas),
    baseDir: policy(),
    otherDir: policy(),
    runs: scratch(t),
    figures: scratch(t),
    jobs: 1,
  };
}

/**
 * Answers of a seed, by its place from 0: a thousand sentences and a hundred answers a topic. Scores vary over topics,
 * the more the higher they are, and over seeds, so that intervals have a width and seeds can be told apart; over all
 * topics and the first two or three seeds they are as given.
 */
export function totals({ score, facts }: Scores, seed = 0): AnswerTotals {
  const shares = (percent: number) =>
    topics.map((_, i) => (percent / 100) * (1 + 0.05 * ((i % 3) - 1) + 0.02 * ([1, -1][seed] ?? 0)));
  const [right, supported] = [shares(score), shares(facts)];
  const row = (i: number): Record<Measure, number> => ({
    answers: 100,
    sentences: 1000,
    correct: 1000 * right[i]! - 50,
    incorrect: 1000 * (1 - right[i]!),
    noFact: 50,
    score: 100 * right[i]!,
    facts: 800,
    supported: 800 * supported[i]!,
    factAnswers: 100,
    factShare: 100 * supported[i]!,
    characters: 40_000,
    relations: 300,
    repeated: 0,
  });
  const sums = Object.fromEntries(measures.map((name) => [name, topics.map((_, i) => row(i)[name])]));
  return { topics, sums: sums as Record<Measure, number[]> };
}

/**
 * Writes what all arms of a table would come to.
 * @param scoresOf of an experiment, at a step of those on the way if one is given
 */
export function computed(
  session: Session,
  specs: readonly ArmSpec[],
  scoresOf: (experiment: Experiment, evaluation: ShownEvaluation, step?: number) => Scores,
  more?: (experiment: Experiment) => Partial<Alignment>,
): void {
  computedRequests<ShownEvaluation>(session, requestsOf(session, specs), scoresOf, more);
}

/** The same of requests of any evaluation. */
export function computedRequests<Name extends EvaluationName>(
  session: Session,
  requests: readonly { experiment: Experiment; evaluations: readonly Name[] }[],
  scoresOf: (experiment: Experiment, evaluation: Name | "test sampled", step?: number) => Scores,
  more: (experiment: Experiment) => Partial<Alignment> = () => ({}),
): void {
  for (const { experiment, evaluations } of requests) {
    const name = experimentName(session, experiment);
    const steps = experiment.snapshots ? [10, 20] : [];
    const alignment: Alignment = {
      policy: `policy of ${name}`,
      pairs: 100,
      emptied: 0,
      steps: 30,
      wrongInChosen: 0.2,
      rightInRejected: 0.3,
      snapshots: steps.map((step) => ({ step, policy: `policy of ${name} after ${step}` })),
      ...more(experiment),
    };
    writeRun(session, name, "result.json", alignment);
    const write = (policy: string, evaluation: EvaluationName, scores: Scores): void =>
      writeAnswers(session, policy, evaluation, experiment.seed, scores);
    for (const evaluation of evaluations) write(alignment.policy, evaluation, scoresOf(experiment, evaluation));
    for (const { step, policy } of alignment.snapshots)
      write(policy, "test sampled", scoresOf(experiment, "test sampled", step));
    mkdirSync(trainedPolicy(session, experiment), { recursive: true });
    writeFileSync(path.join(trainedPolicy(session, experiment), "config.json"), JSON.stringify(name));
  }
}

/** Writes where probability went: so much from the stated wrong value to the right ones. */
export function computedTrack(session: Session, experiment: Experiment, moved: number): void {
  const point = (step: number, by: number) => ({
    step,
    ...{ right: 0.1 + by, stated: 0.5 - by, other: 0.4 },
    ...{ chosen: -1 + by, rejected: -1 - by, heldOut: -2 },
  });
  const track: Track = { slots: 8, pairs: 4, heldOut: 2, points: [point(0, 0), point(30, moved)] };
  writeRun(session, experimentName(session, experiment), "track.json", track);
}

/** Writes what the policies that ship come to. */
export function shipped(session: Session, scoresOf: (policy: PolicyName, evaluation: ShownEvaluation) => Scores): void {
  for (const policy of policyNames) {
    for (const evaluation of ["test sampled", "test greedy", "ood sampled"] as const) {
      for (const seed of seedsOf(session, seedCounts.maskSeeds))
        writeAnswers(session, shippedHash(session, policy), evaluation, seed, scoresOf(policy, evaluation));
    }
  }
}

/** Writes what a policy, known by its hash, answers at a seed. */
export function writeAnswers(
  session: Session,
  policy: string,
  name: EvaluationName,
  seed: number,
  scores: Scores,
  ask?: Ask,
): void {
  const run = evaluationRun({ ...session, seed }, policy, name, ask);
  writeRun(session, run, "totals.json", totals(scores, name === "test greedy" ? 2 : seed - session.seed));
}

/** Writes a file of a run folder. */
export function writeRun({ runs }: Session, run: string, file: string, content: object): void {
  mkdirSync(path.join(runs, run), { recursive: true });
  writeFileSync(path.join(runs, run, file), JSON.stringify(content));
}

export function assertNear(got: number | null | undefined, value: number, what: string): void {
  assert.ok(Math.abs((got ?? NaN) - value) < 1e-6, `${what}: ${got}, expected ${value}`);
}

/** An interval around a value, with ends apart. */
export function assertInterval(got: Cell | undefined, value: number, what: string): void {
  assert.ok(got !== null && typeof got === "object", `${what}: no interval`);
  assertNear(got.value, value, what);
  assert.ok(got.low < got.value && got.value < got.high, `${what}: not inside its interval, [${got.low}, ${got.high}]`);
}

/** A row of a table of arms; `printed` by sentences and by facts, null where the paper has no such number. */
export interface ExpectedRow extends Scores {
  label: string;
  printed: readonly (number | null)[];
}

/** Exactly these rows in this order, what the paper prints in the columns next to ours. */
export function assertArmTable({ columns, rows }: Table, expected: readonly ExpectedRow[]): void {
  const [bySentences, byFacts] = [0, 1].map((i) => expected.some(({ printed }) => printed[i] !== null));
  assert.deepEqual(
    columns.map(({ key }) => key).filter((key) => /score|seeds|paper/i.test(key)),
    ["score", "seeds", ...(bySentences ? ["paper"] : []), "factScore", ...(byFacts ? ["paperFacts"] : [])],
  );
  assert.deepEqual(
    rows.map(({ label, paper, paperFacts }) => ({ label, printed: [paper, paperFacts] })),
    expected.map(({ label, printed }) => ({ label, printed })),
  );
  rows.forEach((row, i) => {
    const { label, score, facts } = expected[i]!;
    assertInterval(row.score, score, label);
    assertInterval(row.factScore, facts, `${label} by facts`);
  });
}

/** Where the marks of a series stand in a panel of a figure of rows, counted from 0; null where a row has none. */
export function marksOf({ data }: Figure, panel: number, label: string): (number | null)[] {
  const axis = panel === 0 ? "x" : `x${panel + 1}`;
  const found = (data as { name?: string; xaxis?: string; x: (number | null)[] }[]).filter(
    (trace) => trace.name === label && trace.xaxis === axis,
  );
  assert.equal(found.length, 1, `${label} in panel ${panel}`);
  return found[0]!.x;
}

export function assertMarks(figure: Figure, panel: number, label: string, expected: readonly (number | null)[]): void {
  const marks = marksOf(figure, panel, label);
  assert.equal(marks.length, expected.length);
  marks.forEach((x, i) => {
    if (expected[i] === null) assert.equal(x, null, `${label}, row ${i}`);
    else assertNear(x, expected[i]!, `${label}, row ${i}`);
  });
}

/** A claim's words, what the paper prints, and the two scores of which the first should be higher. */
export type ExpectedClaim = [text: string, source: string, printed: number | null, higher: number, lower: number];

/** Exactly these claims in this order, each the difference of its two scores, beside what the paper prints. */
export function assertClaims(claims: readonly Claim[], expected: readonly ExpectedClaim[]): void {
  assert.deepEqual(
    claimsTable("claims", claims).rows.map(({ text, source, paper, verdict }) => [
      text,
      source,
      paper,
      `${verdict as string}`.replace(", smaller", ""), // by the interval's end, which is test/evaluation/arm.test.ts's
    ]),
    expected.map(([text, source, printed, higher, lower]) => {
      return [text, source, printed, higher > lower ? "shown" : "not shown"];
    }),
  );
  claimsTable("claims", claims).rows.forEach((row, i) => {
    const [text, , , higher, lower] = expected[i]!;
    assertInterval(row.here, higher - lower, text);
    assertNear(claims[i]!.here.a, higher, `${text}, the first`);
    assertNear(claims[i]!.here.b, lower, `${text}, the second`);
  });
}
