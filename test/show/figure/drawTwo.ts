/**
 * Draws two figures at the same time with the process's own renderer, then has nothing else to do, or calls
 * process.exit.
 */
import { histogramFigure } from "../../../lib/show/figure/bars";
import { renderFigure } from "../../../lib/show/figure/saveFigure";
import { palette } from "../../../lib/show/palette";

const figure = (name: string) =>
  histogramFigure({
    name,
    title: name,
    xTitle: "score",
    range: [0, 1],
    bins: 4,
    series: [{ label: "base", style: palette.base, values: [0, 0.1, 0.5, 1] }],
  });

void Promise.all([renderFigure(figure("one")), renderFigure(figure("two"))]).then((drawn) => {
  process.stdout.write(drawn.map(({ svg }) => />(one|two)</.exec(svg)![1]).join(" "));
  if (process.argv[2] === "exit") process.exit(0);
});
