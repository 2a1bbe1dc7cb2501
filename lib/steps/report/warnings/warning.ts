/** What a reader of a report must beware of, with the reason. */
import type { ReportInputs, ReportRequest } from "../inputs";
import type { PolicyAnswers } from "../answers";

/** What warnings are found in. */
export interface Material {
  request: Pick<ReportRequest, "questions" | "pairs">;
  inputs: ReportInputs;
}

/** None where there is nothing to beware of. */
export type Warning = (material: Material) => string[];

/** A policy's answers and those of the first to the same questions, in each of the two sets that has both. */
export function againstFirst({ answers, sampled }: ReportInputs): { policy: PolicyAnswers; first: PolicyAnswers }[] {
  return [answers, sampled].flatMap((policies) => {
    const first = policies.find(({ name }) => name === answers[0]!.name);
    return first ? policies.filter((policy) => policy !== first).map((policy) => ({ policy, first })) : [];
  });
}

/** "12 %", "0.4 %" */
export function share(part: number, whole: number): string {
  const percent = (100 * part) / whole;
  return `${percent.toFixed(percent < 10 ? 1 : 0)} %`;
}
