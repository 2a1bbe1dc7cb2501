/**
 * The registry of studies: what each table, or a notebook's part beyond the paper, runs. `mask-dpo reproduce` runs all
 * of it side by side before it executes the notebooks.
 */
import type { Session } from "../lab/session";
import type { ArmSpec, Study } from "../lab/study";
import { study as conditions } from "./conditions";
import { study as objectives } from "./objectives";
import { study as phase } from "./phase";
import { study as table1 } from "./table1";
import { study as table2 } from "./table2";
import { study as table3 } from "./table3";
import { study as table4 } from "./table4";
import { study as table5 } from "./table5";
import { study as table6 } from "./table6";
import { study as topicGraph } from "./topicGraph";

export const studies: readonly Study[] = [
  table2,
  table1,
  conditions,
  table3,
  table4,
  table5,
  topicGraph,
  table6,
  objectives,
  phase,
];

/** All arms of a notebook, by its number; what several studies share comes several times. */
export function armsOfNotebook(session: Session, notebook: string): ArmSpec[] {
  return studies.filter((study) => study.notebook === notebook).flatMap((study) => study.arms(session));
}
