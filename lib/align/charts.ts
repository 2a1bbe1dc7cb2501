/** Training as curves. */
import { type Curve, panelsFigure } from "../show/figure/curves";
import type { Figure } from "../show/figure/figure";
import type { SeriesStyle } from "../show/palette";
import type { StepLog } from "./trainOptions";

type CurveKey = "loss" | "accuracy" | "margin" | "chosenReward" | "rejectedReward" | "gradNorm";

/** Loss, accuracy, margin, rewards and gradient norm against the step, one curve per run. */
export function trainingCurves(
  runs: readonly { label: string; style: SeriesStyle; logs: readonly Pick<StepLog, "step" | CurveKey>[] }[],
  title = "Mask-DPO training",
): Figure {
  const curves = (key: CurveKey): Curve[] =>
    runs.map(({ label, style, logs }) => ({
      label,
      style,
      x: logs.map(({ step }) => step),
      y: logs.map((log) => log[key]),
    }));
  const panels = (
    [
      ["Loss", "loss"],
      ["Reward accuracy", "accuracy"],
      ["Reward margin", "margin"],
      ["Chosen reward", "chosenReward"],
      ["Rejected reward", "rejectedReward"],
      ["Gradient norm", "gradNorm"],
    ] as const
  ).map(([title, key]) => ({ title, curves: curves(key) }));
  return panelsFigure({ name: "02-training", title, xTitle: "Step", panels, columns: 3, width: 960 });
}
