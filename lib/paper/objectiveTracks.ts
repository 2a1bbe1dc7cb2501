/** Notebook 11: what each objective does to probabilities in training (3D-Properties). */
import type { TrackPoint } from "../align/track/track";
import type { Traced } from "../show/provenance";
import type { AlignedArm } from "../lab/runArms";
import type { Track } from "../lab/track";
import { panelsFigure, type Curve, type Panel } from "../show/figure/curves";
import type { Figure } from "../show/figure/figure";
import { okabeIto, type SeriesStyle } from "../show/palette";
import type { Table } from "../show/table";
import type { ByObjective } from "./objectives";

/** Titles of what is followed, and the factor to the unit shown. */
const quantities: Readonly<Record<keyof TrackPoint, { title: string; factor: number }>> = {
  right: { title: "Right values (%)", factor: 100 },
  stated: { title: "The stated wrong value (%)", factor: 100 },
  other: { title: "All else at that place (%)", factor: 100 },
  chosen: { title: "Chosen (nats a token)", factor: 1 },
  rejected: { title: "Rejected (nats a token)", factor: 1 },
  heldOut: { title: "Right, held out (nats a token)", factor: 1 },
};
const keys = Object.keys(quantities) as (keyof TrackPoint)[];

/** Those that 3D-Properties is about: its two remedies, and objectives that treat rejected sides otherwise. */
const drawn: Readonly<Record<string, SeriesStyle>> = {
  "dpo none": { color: okabeIto.orange, dash: "dashdot", symbol: "triangle-up", pattern: "" },
  "dpo paper": { color: okabeIto.blue, dash: "solid", symbol: "circle", pattern: "" },
  "dpo-sft paper": { color: okabeIto.green, dash: "dash", symbol: "square", pattern: "" },
  "flex-dpo paper": { color: okabeIto.skyBlue, dash: "longdash", symbol: "diamond", pattern: "" },
  "dpop paper": { color: okabeIto.purple, dash: "dot", symbol: "cross", pattern: "" },
  "ipo paper": { color: okabeIto.vermillion, dash: "longdashdot", symbol: "triangle-down", pattern: "" },
  "simpo paper": { color: "#8A6D00", dash: "dash", symbol: "x", pattern: "" },
  "sft paper": { color: okabeIto.black, dash: "dot", symbol: "diamond-open", pattern: "" },
};

/** An arm's track is that of its first seed. @throws Error where it was not asked for */
function trackOf({ label, results }: AlignedArm): Track {
  const track = results[0]?.track;
  if (!track) throw new Error(`trackOf: expected "${label}" to be followed, got no track`);
  return track;
}

/** A panel a quantity, a curve an objective. */
export function trackFigure(arms: ByObjective<AlignedArm>): Figure {
  const curve = (arm: AlignedArm, style: SeriesStyle, key: keyof TrackPoint): Curve => {
    const { points } = trackOf(arm);
    const y = points.map((point) => quantities[key].factor * (point[key] ?? NaN));
    return { label: arm.label, style, x: points.map(({ step }) => step), y, runs: arm.runs.slice(0, 1) };
  };
  const panels = keys.map((key): Panel => ({
    title: quantities[key].title,
    curves: Object.entries(drawn).map(([name, style]) => curve(arms[name]!, style, key)),
  }));
  const title = "What training does to probabilities (first seed)";
  return panelsFigure({ name: "11-track", title, xTitle: "Step", panels, columns: 3, width: 960 });
}

/** All quantities before training and after each arm's. */
export function trackTable(arms: ByObjective<AlignedArm>): Table & Traced {
  const all = Object.values(arms);
  const cells = (point: TrackPoint) =>
    Object.fromEntries(
      keys.map((key) => {
        const value = point[key];
        return [key, value === null ? null : quantities[key].factor * value];
      }),
    );
  const { slots, pairs, heldOut, points } = trackOf(all[0]!);
  return {
    name: "11-track",
    caption:
      `Where probability goes: ${slots} slots of wrong statements in rejected sides, ${pairs} pairs, ` +
      `${heldOut} right answers on validation topics (first seed)`,
    columns: [
      { key: "label", label: "Policy" },
      ...keys.map((key) => ({ key, label: quantities[key].title, digits: quantities[key].factor === 1 ? 3 : 1 })),
    ],
    rows: [
      { label: "base", ...cells(points[0]!) },
      ...all.map((arm) => ({ label: arm.label, ...cells(trackOf(arm).points.at(-1)!), runs: arm.runs[0]! })),
    ],
    runs: all.flatMap(({ runs }) => runs.slice(0, 1)),
  };
}
