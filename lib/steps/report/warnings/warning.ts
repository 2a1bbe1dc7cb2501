/** What a reader of a report must beware of, with the reason. */
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
