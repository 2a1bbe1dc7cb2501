/** A figure of every kind, with hostile texts. */
import { barFigure, dumbbellFigure, histogramFigure } from "../../../lib/show/figure/bars";
import { curveFigure, panelsFigure } from "../../../lib/show/figure/curves";
import { palette } from "../../../lib/show/palette";

export const hostile = `</script><script>window.hacked=1</script><img src=x onerror="window.hacked=1">\u2028'`;
export const x = [1, 2, 4, 8];
export const curves = curveFigure({
  name: "06-best-of-n",
  title: "Best-of-N before and after",
  xTitle: "N",
  yTitle: "score (%)",
  log2: true,
  curves: [
    { label: "base", style: palette.base, x, y: [48, 52, 56, 60], low: [46, 50, 54, 58], high: [50, 54, 58, 62] },
    {
      label: "Mask-DPO",
      style: palette.maskDpo,
      x,
      y: [59, 63, 66, 70],
      low: [57, 61, 64, 68],
      high: [61, 65, 68, 72],
    },
  ],
});
export const bars = barFigure({
  name: "02-scores",
  title: "Scores",
  valueTitle: "score (%)",
  categories: ["greedy", "sampled", hostile],
  series: [
    { label: "base", style: palette.base, values: [{ value: 50, low: 48, high: 53 }, 47, null] },
    { label: "DPO", style: palette.dpo, values: [51, 52, 53] },
  ],
});
export const panels = panelsFigure({
  name: "02-training",
  title: "Training",
  xTitle: "step",
  panels: ["loss", "margin", "accuracy"].map((title) => ({
    title,
    curves: [
      { label: "DPO", style: palette.dpo, x, y: x },
      { label: "Mask-DPO", style: palette.maskDpo, x, y: x },
    ],
  })),
});
export const histogram = histogramFigure({
  name: "01-candidates",
  title: "Scores",
  xTitle: "score",
  range: [0, 1],
  bins: 4,
  series: [{ label: "base", style: palette.base, values: [0, 0.1, 0.5, 1] }],
});
export const dumbbell = dumbbellFigure({
  name: "02-relations",
  title: "Relations",
  valueTitle: "correct (%)",
  categories: ["a", "b"],
  series: [
    { label: "base", style: palette.base, values: [1, 2] },
    { label: "after", style: palette.maskDpo, values: [{ value: 3, low: 2, high: 4 }, null] },
  ],
});
