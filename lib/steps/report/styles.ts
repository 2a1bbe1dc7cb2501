/** How policies are told apart in figures, in the order of `--answers`. */
import { palette, type SeriesStyle } from "../../show/palette";

export const styles: readonly SeriesStyle[] = [
  palette.base,
  palette.maskDpo,
  palette.dpo,
  palette.inverted,
  palette.random,
  palette.chosen,
  palette.noFact,
];
