/** Files of preference pairs. */
import { readNumberedJsonl, required } from "../base/jsonl";
import { noticeOtherUnits } from "../factuality/spanUnits";
import { preferencePairSchema, type PreferencePair } from "./pair";

/** All pairs, at least one. @throws UserError with file:line for a bad row, and for a file without any */
export function readPairs(file: string): PreferencePair[] {
  const rows = readNumberedJsonl(file, preferencePairSchema);
  noticeOtherUnits(
    file,
    rows.flatMap(({ row: { chosen, rejected }, line }) => [chosen, rejected].map((side) => ({ line, ...side }))),
  );
  return required(
    rows.map(({ row }) => row),
    file,
    "pair",
  );
}
