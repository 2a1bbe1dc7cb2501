/** Answers that were not all judged alike. */
import { brief } from "../../../base/check";
import { differing, flat } from "../../../base/runFolder";
import type { Warning } from "./warning";

export const judges: Warning = ({ inputs: { answers, sampled } }) => {
  const policies = [...answers, ...sampled];
  const used = policies.map(({ judge }) => judge ?? {});
  const differ = [...new Set(used.flatMap((judge) => differing(used[0], judge)[2]))];
  const values = (judge: object) =>
    Object.entries(flat(judge))
      .filter(([name]) => differ.includes(name))
      .map(([name, value]) => `${name} ${brief(value)}`)
      .join(", ");
  const said = policies.map(({ file, judge }) => `${file} (${judge ? values(judge) : "not recorded"})`);
  return differ.length > 0
    ? [`The answers were not all judged alike, so their scores do not compare: ${[...new Set(said)].join(", ")}.`]
    : [];
};
