/** What a reader of a report must beware of, with the reason. */
import type { AnnotatedCandidate } from "../../../factuality/records";
import type { PolicyAnswers } from "../answers";
import type { ReportInputs, ReportRequest } from "../inputs";

/** What warnings are found in. */
export interface Material {
  request: Pick<ReportRequest, "questions" | "pairs">;
  inputs: ReportInputs;
}

/** None where there is nothing to beware of. */
export type Warning = (material: Material) => string[];

/** "12 %", "0.4 %" */
export function share(part: number, whole: number): string {
  const percent = (100 * part) / whole;
  return `${percent.toFixed(percent < 10 ? 1 : 0)} %`;
}

/** A warning about each file of answers of which at least a share, `many`, is of a kind. */
export function ofAnswers(
  many: number,
  isOne: (answer: AnnotatedCandidate) => boolean,
  says: (share: string, policy: PolicyAnswers) => string,
): Warning {
  return ({ inputs: { answers, sampled } }) =>
    [...answers, ...sampled].flatMap((policy) => {
      const [count, all] = [policy.answers.filter(isOne).length, policy.answers.length];
      return count < many * all ? [] : [says(share(count, all), policy)];
    });
}
