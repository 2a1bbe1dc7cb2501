/** Files of annotated candidates. */
import { readNumberedJsonl, type NumberedRow } from "../base/jsonl";
import { annotatedCandidateSchema, type AnnotatedCandidate } from "./records";
import { noticeOtherUnits } from "./spanUnits";

/** All rows with their lines. @throws UserError with file:line for a bad row */
export function readNumberedAnnotated(file: string): NumberedRow<AnnotatedCandidate>[] {
  const rows = readNumberedJsonl(file, annotatedCandidateSchema);
  noticeOtherUnits(
    file,
    rows.map(({ row, line }) => ({ line, ...row })),
  );
  return rows;
}

/** All rows. @throws UserError as `readNumberedAnnotated` */
export function readAnnotated(file: string): AnnotatedCandidate[] {
  return readNumberedAnnotated(file).map(({ row }) => row);
}
