/** The paper's claims in both worlds as one picture: what is left of each where the question says what to state. */
import { intervalOf } from "../../evaluation/armTables";
import type { Figure } from "../../show/figure/figure";
import { rowFigure } from "../../show/figure/rows";
import { palette } from "../../show/palette";
import { runsOf } from "../../show/provenance";
import type { WorldClaim } from "./worldClaims";

/** A row a claim: its difference in each world beside the paper's, and how much less is left of it by agenda. */
export function worldFigure(claims: readonly WorldClaim[]): Figure {
  const topics = claims.map(({ here: { fixed } }) => fixed.topics);
  return {
    ...rowFigure({
      name: "14-worlds",
      title: "The paper's claims, asked freely and by a fixed agenda",
      note:
        "Free: answers choose what to state. Fixed: the question says it, so that only being right counts. " +
        `95 % intervals over ${Math.min(...topics)} to ${Math.max(...topics)} topics, differences paired.`,
      rows: claims.map(({ text }) => text),
      panels: [
        {
          title: "Difference of scores (points)",
          zero: true,
          series: [
            { label: "free", style: palette.maskDpo, values: claims.map(({ here }) => intervalOf(here.free)) },
            {
              label: "fixed agenda",
              style: { ...palette.dpo, symbol: "square" },
              values: claims.map(({ here }) => intervalOf(here.fixed)),
            },
            { label: "paper", style: palette.printed, values: claims.map(({ printed }) => printed), beside: "free" },
          ],
        },
        {
          title: "Free minus fixed (points)",
          zero: true,
          series: [{ label: "free - fixed", style: palette.chosen, values: claims.map(({ contrast }) => contrast) }],
        },
      ],
      width: 1000,
    }),
    runs: runsOf(...claims.flatMap(({ here }) => [here.free, here.fixed])),
  };
}
