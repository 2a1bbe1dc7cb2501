/** Questions on topics that were trained on. */
import { brief } from "../../../base/check";
import type { Warning } from "./warning";

export const trainedTopics: Warning = ({ request, inputs: { questions, pairs = [] } }) => {
  const trainedOn = new Set(pairs.map(({ topic }) => topic));
  const topics = new Set(questions.map(({ topic }) => topic));
  const shared = [...topics].filter((topic) => trainedOn.has(topic));
  if (shared.length === 0) return [];
  const share = `${shared.length} of the ${topics.size} topics of ${request.questions}`;
  return [`${share} are also topics of ${request.pairs} (${brief(shared[0])}), so they are not held out.`];
};
