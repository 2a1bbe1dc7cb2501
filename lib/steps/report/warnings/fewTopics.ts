/** Differences smaller than those that so many topics can show. */
import { pilotOf, smallestFound, varies } from "../../../evaluation/power";
import { againstFirst } from "../sets";
import type { Warning } from "./warning";

const probability = 0.8;

export const fewTopics: Warning = ({ inputs }) =>
  againstFirst(inputs).flatMap(({ policy, first }) => {
    const pilot = pilotOf([{ higher: policy.answers, lower: first.answers }], inputs.questions);
    const smallest = smallestFound(pilot.components, pilot, probability);
    if (!varies(pilot) || Math.abs(pilot.difference) >= smallest) return [];
    const points = (value: number): string => (100 * value).toFixed(1);
    return [
      `${pilot.topics} topics can show ${points(smallest)} points or more (with probability ${probability}), and ` +
        `${policy.name} and ${first.name} differ by ${points(Math.abs(pilot.difference))} (${policy.file}). ` +
        "mask-dpo power says how many topics it takes.",
    ];
  });
