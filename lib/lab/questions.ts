/**
 * Which questions a run asks: training questions in a seeded order of topics, the same evaluation questions for every
 * seed.
 */
import { groupBy } from "../base/collections";
import { Rng } from "../base/rng";
import type { Question } from "../factuality/records";
import type { Session } from "./session";

/**
 * Training questions of a preset, by topic: its topics in a seeded order, the questions of each in a seeded order
 * (paper §4.1 scales both).
 */
export function trainingTopics({ atlas, preset, seed }: Session): Question[][] {
  const byTopic = groupBy(atlas.splits.train, ({ topic }) => topic);
  const rng = new Rng(seed).fork("training questions");
  return rng
    .shuffle([...byTopic.keys()])
    .slice(0, preset.topics)
    .map((topic) => rng.fork(topic).shuffle(byTopic.get(topic)!).slice(0, preset.questionsPerTopic));
}

/**
 * Questions of an evaluation split: all, or a sample of `count` (the splits stand by population, head topics first).
 */
export function evaluationQuestions(
  { atlas }: Session,
  split: "test" | "ood" | "validation",
  count: number,
): Question[] {
  const all = atlas.splits[split];
  if (count >= all.length) return all.slice();
  const kept = new Set(new Rng(`${split} questions`).shuffle(all).slice(0, count));
  return all.filter((question) => kept.has(question));
}
