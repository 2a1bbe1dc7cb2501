/** What a reader of a report must beware of. */
import { brief } from "../../base/check";
import { differing, flat } from "../../base/runFolder";
import type { Question } from "../../factuality/records";
import type { PreferencePair } from "../../preference/pair";
import type { PolicyAnswers } from "./answers";

export function judgesWarning(policies: readonly PolicyAnswers[]): string[] {
  const judges = policies.map(({ judge }) => judge ?? {});
  const differ = [...new Set(judges.flatMap((judge) => differing(judges[0], judge)[2]))];
  const values = (judge: object) =>
    Object.entries(flat(judge))
      .filter(([name]) => differ.includes(name))
      .map(([name, value]) => `${name} ${brief(value)}`)
      .join(", ");
  const said = policies.map(({ file, judge }) => `${file} (${judge ? values(judge) : "not recorded"})`);
  return differ.length > 0
    ? [`The answers were not all judged alike, so their scores do not compare: ${[...new Set(said)].join(", ")}.`]
    : [];
}

export function topicsWarning(
  questions: readonly Question[],
  pairs: readonly PreferencePair[],
  files: { questions: string; pairs?: string },
): string[] {
  const trainedOn = new Set(pairs.map(({ topic }) => topic));
  const topics = new Set(questions.map(({ topic }) => topic));
  const shared = [...topics].filter((topic) => trainedOn.has(topic));
  return shared.length > 0
    ? [
        `${shared.length} of the ${topics.size} topics of ${files.questions} are also topics of ${files.pairs} (${brief(shared[0])}), so they are not held out.`,
      ]
    : [];
}
