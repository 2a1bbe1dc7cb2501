/** The sets of answers that a report compares, and in each the first policy with every other one. */
import type { PolicyAnswers } from "./answers";
import type { ReportInputs } from "./inputs";

export interface AnswerSet {
  set: "answers" | "sampled answers";
  policies: readonly PolicyAnswers[];
}

export function setsOf({ answers, sampled }: Pick<ReportInputs, "answers" | "sampled">): AnswerSet[] {
  const own: AnswerSet = { set: "answers", policies: answers };
  return sampled.length > 0 ? [own, { set: "sampled answers", policies: sampled }] : [own];
}

/** A policy's answers and those of the first to the same questions. */
export interface Against extends Pick<AnswerSet, "set"> {
  policy: PolicyAnswers;
  first: PolicyAnswers;
}

/** In each of the sets that has both. */
export function againstFirst(inputs: Pick<ReportInputs, "answers" | "sampled">): Against[] {
  return setsOf(inputs).flatMap(({ set, policies }) => {
    const first = policies.find(({ name }) => name === inputs.answers[0]!.name);
    return first ? policies.filter((policy) => policy !== first).map((policy) => ({ set, policy, first })) : [];
  });
}
