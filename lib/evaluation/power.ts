/**
 * How many topics, seeds and answers a comparison of two policies needs, from a pilot of it.
 *
 * The difference of the pooled scores is taken apart by topic t and training seed s: effect + topic_t + seed_s +
 * rest_ts, each with its variance; the rest holds what sampling K answers leaves. With T topics and S seeds the
 * difference varies by (topic + (interaction + answer / K) / S) / T over topics, which is what an interval over topics
 * sees, and by seed / S beside it, which it does not. Found is what the project calls so (`compare.ts`): the 95 %
 * interval over topics lies above 0. Components by the method of moments (Searle 1971), the ratio of sums by its
 * linearisation; normal approximation. Checked against simulated pilots and statsmodels (test/golden/power.json).
 */
import { groupBy, sum } from "../base/collections";
import { mean, normalCdf, normalQuantile, ratio, sd } from "../base/stats";
import type { AnnotatedCandidate, Question } from "../factuality/records";
import { countSentences } from "../factuality/score";

/** Variances of a difference of scores (fractions, squared), of one topic, one seed and one answer a question. */
export interface Components {
  topic: number;
  seed: number;
  interaction: number;
  /** null where every question has one answer: it is then part of the interaction */
  answer: number | null;
}

/** What was tried: the difference of the pooled scores, and how large the pilot was. */
export interface Pilot extends Design {
  /** higher - lower */
  difference: number;
  components: Components;
}

/** A comparison that is planned. */
export interface Design {
  topics: number;
  seeds: number;
  /** answers to a question */
  k: number;
}

/** Annotated answers of both policies at a training seed, as many to every question. */
export interface SeedAnswers {
  higher: readonly AnnotatedCandidate[];
  lower: readonly AnnotatedCandidate[];
}

/** @param seeds at least one @throws RangeError for fewer than two topics */
export function pilotOf(seeds: readonly SeedAnswers[], questions: readonly Question[]): Pilot {
  const higher = sideOf(
    seeds.map((seed) => seed.higher),
    questions,
  );
  const lower = sideOf(
    seeds.map((seed) => seed.lower),
    questions,
  );
  const rows = higher.influence.map((own, s) => own.map((value, t) => value - lower.influence[s]![t]!)); // [S][T]
  const k = seeds[0]!.higher.length / questions.length;
  return {
    topics: rows[0]!.length,
    seeds: seeds.length,
    k,
    difference: higher.score - lower.score,
    components: components(rows, k > 1 ? higher.within + lower.within : null, k),
  };
}

/** As `pilotOf` where there is one policy: of two like it, whose topics gain alike, each seed as the other. */
export function pilotOfOne(answers: readonly AnnotatedCandidate[], questions: readonly Question[]): Pilot {
  const { influence, within } = sideOf([answers], questions);
  const k = answers.length / questions.length;
  const own = { topic: 0, seed: 0, interaction: 0, answer: 2 * within };
  return { topics: influence[0]!.length, seeds: 1, k, difference: 0, components: own };
}

/** The pooled score of a policy, how it is made up, [seeds][topics], and the variance of one answer a question. */
function sideOf(
  seeds: readonly (readonly AnnotatedCandidate[])[],
  questions: readonly Question[],
): { score: number; influence: number[][]; within: number } {
  const counted = seeds.map((answers) => {
    const byQuestion = groupBy(answers, ({ questionId }) => questionId);
    const topics = groupBy(questions, ({ topic }) => topic);
    return [...topics.values()].map((own) =>
      own.map(({ id }) =>
        byQuestion.get(id)!.map(({ sentences }) => {
          const { sentences: all, incorrect } = countSentences(sentences);
          return { right: all - incorrect, all };
        }),
      ),
    );
  });
  const flat = counted.flat(3);
  const score = ratio(Float64Array.of(sum(flat.map(({ right }) => right)), sum(flat.map(({ all }) => all))));
  // statements of a topic, with one answer a question: sums over topics are divided by it; 1 where nothing is said
  const size =
    mean(counted.flatMap((topics) => topics.map((of) => sum(of.map((own) => mean(own.map(({ all }) => all))))))) || 1;
  const errors = counted.map((topics) =>
    topics.map((of) => of.map((own) => own.map(({ right, all }) => (right - score * all) / size))),
  );
  return {
    score,
    influence: errors.map((topics) => topics.map((of) => score + sum(of.map((own) => mean(own))))),
    within: mean(errors.flatMap((topics) => topics.map((of) => sum(of.map(variance))))),
  };
}

const variance = (values: readonly number[]): number => sd(values) ** 2;

/** Two-way analysis of variance without replication; what would be negative is 0. @param rows [seeds][topics] */
function components(rows: readonly (readonly number[])[], answer: number | null, k: number): Components {
  const [seeds, topics] = [rows.length, rows[0]!.length];
  if (topics < 2) throw new RangeError(`pilotOf: expected at least two topics, got ${topics}`);
  const all = mean(rows.flat());
  const ofSeeds = rows.map((row) => mean(row));
  const ofTopics = rows[0]!.map((_, t) => mean(rows.map((row) => row[t]!)));
  const sampled = (answer ?? 0) / k;
  if (seeds === 1) return { topic: Math.max(0, variance(rows[0]!) - sampled), seed: 0, interaction: 0, answer };
  const rest =
    sum(rows.flatMap((row, s) => row.map((value, t) => (value - ofSeeds[s]! - ofTopics[t]! + all) ** 2))) /
    ((seeds - 1) * (topics - 1));
  return {
    topic: Math.max(0, variance(ofTopics) - rest / seeds),
    seed: Math.max(0, variance(ofSeeds) - rest / topics),
    interaction: Math.max(0, rest - sampled),
    answer,
  };
}

/** Standard errors of a difference: what an interval over topics sees, and all of it. */
export function standardErrors(
  { topic, seed, interaction, answer }: Components,
  { topics, seeds, k }: Design,
): { overTopics: number; all: number } {
  const overTopics = (topic + (interaction + (answer ?? 0) / k) / seeds) / topics;
  return { overTopics: Math.sqrt(overTopics), all: Math.sqrt(overTopics + seed / seeds) };
}

/** Standard errors below it are roundings of 0. */
const rounding = 1e-9;

/** Whether anything can be planned from a pilot: not where every topic gains alike and so does every answer. */
export function varies(pilot: Pilot): boolean {
  return standardErrors(pilot.components, pilot).overTopics > rounding;
}

const confidence = 0.95;
const critical = normalQuantile((1 + confidence) / 2);

/** Probability that an effect is found: that the interval lies above 0. @param effect a fraction: 0.02 is two points */
export function powerOf(own: Components, design: Design, effect: number): number {
  const { overTopics, all } = standardErrors(own, design);
  return all === 0 ? Number(effect > 0) : normalCdf((effect - critical * overTopics) / all);
}

/** Probability that an interval lies on one side of 0 where there is no effect: 5 %, and more where seeds differ. */
export function falseAlarms(own: Components, design: Design): number {
  return 2 * powerOf(own, design, 0);
}

/** More topics than anybody has. */
const mostTopics = 1_000_000;

/** The fewest topics at which an effect is found with this probability; null where none are enough. */
export function topicsNeeded(
  own: Components,
  { seeds, k }: Omit<Design, "topics">,
  effect: number,
  power: number,
): number | null {
  const enough = (topics: number): boolean => powerOf(own, { topics, seeds, k }, effect) >= power;
  if (!enough(mostTopics)) return null;
  let [low, high] = [2, mostTopics]; // an interval takes two; high is enough
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (enough(middle)) high = middle;
    else low = middle + 1;
  }
  return high;
}

/** The smallest effect, a fraction, that is found with this probability. */
export function smallestFound(own: Components, design: Design, power: number): number {
  const { overTopics, all } = standardErrors(own, design);
  return critical * overTopics + normalQuantile(power) * all;
}
