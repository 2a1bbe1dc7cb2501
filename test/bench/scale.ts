/** How time and memory grow: curves against one size at a time, with the exponent of the best power law. */
import { spawnSync } from "node:child_process";
import path from "node:path";
import { panelsFigure, type Panel } from "../../lib/show/figure/curves";
import type { Figure } from "../../lib/show/figure/figure";
import { palette } from "../../lib/show/palette";
import type { Table } from "../../lib/show/table";
import type { ScalePoint } from "./scalePoint";

export interface ScaleCurve {
  size: string;
  of: string;
  points: { x: number; seconds: number; megabytes: number }[];
  /** y ~ x^exponent; of memory above that of the smallest point's process before any work, which is a constant */
  timeExponent: number;
  memoryExponent: number;
}

const step = "a train step of 16 pairs, 64 tokens";
// heads as in work.ts
const layerWeights = (hiddenSize: number) => 4 * hiddenSize ** 2 * (2.5 + 3 * 2.75) + 2048 * hiddenSize;
const curves: { size: string; of: string; points: { x: number; point: ScalePoint }[] }[] = [
  {
    size: "pairs",
    of: "a train step of that many pairs, 64 tokens",
    points: [16, 32, 64, 128, 256].map((x) => ({ x, point: { pairs: x } })),
  },
  {
    size: "sequence length",
    of: "a train step of 16 pairs",
    points: [32, 64, 128, 256, 512].map((x) => ({ x, point: { length: x } })),
  },
  {
    size: "parameters",
    of: step,
    points: [64, 128, 256, 512].map((hiddenSize) => ({ x: layerWeights(hiddenSize), point: { hiddenSize } })),
  },
  {
    size: "vocabulary",
    of: step,
    points: [2048, 4096, 8192, 16384, 32768].map((x) => ({ x, point: { vocabSize: x } })),
  },
  {
    size: "K",
    of: "sampling K x 32 tokens for 16 prompts",
    points: [8, 16, 32, 64, 128].map((x) => ({ x, point: { k: x } })),
  },
];

export function measureScale(): ScaleCurve[] {
  return curves.map(({ size, of, points }) => {
    const measured = points.map(({ x, point }) => {
      process.stderr.write(`\r  ${size} ${x}      `);
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        ["--import", "tsx", path.join(__dirname, "scalePoint.ts"), JSON.stringify(point)],
        { encoding: "utf8" },
      );
      if (status !== 0) throw new Error(`scale point ${JSON.stringify(point)}: ${stderr}`);
      return { x, ...(JSON.parse(stdout) as { seconds: number; megabytes: number }) };
    });
    process.stderr.write("\r                         \r");
    const exponent = (key: "seconds" | "megabytes") =>
      powerLaw(
        measured.map((p) => p.x),
        measured.map((p) => p[key]),
      );
    return { size, of, points: measured, timeExponent: exponent("seconds"), memoryExponent: exponent("megabytes") };
  });
}

/** The exponent of the least-squares line through the logarithms. */
export function powerLaw(x: readonly number[], y: readonly number[]): number {
  const [a, b] = [x.map(Math.log), y.map(Math.log)];
  const mean = (v: number[]) => v.reduce((s, t) => s + t, 0) / v.length;
  const [ma, mb] = [mean(a), mean(b)];
  return a.reduce((s, t, i) => s + (t - ma) * (b[i]! - mb), 0) / a.reduce((s, t) => s + (t - ma) ** 2, 0);
}

export function scaleFigure(measured: readonly ScaleCurve[], key: "seconds" | "megabytes"): Figure {
  const time = key === "seconds";
  const panels = measured.map(({ size, points, timeExponent, memoryExponent }): Panel => ({
    title: `${size}: exponent ${(time ? timeExponent : memoryExponent).toFixed(2)}`,
    curves: [
      {
        label: time ? "seconds" : "peak MB of the process",
        style: palette.maskDpo,
        x: points.map(({ x }) => x / points[0]!.x),
        y: points.map((p) => p[key]),
      },
    ],
    yRange: [0, 1.1 * Math.max(...points.map((p) => p[key]))],
  }));
  return panelsFigure({
    name: `bench-${time ? "time" : "memory"}`,
    title: time ? "Time against size (seconds)" : "Peak memory against size (MB)",
    xTitle: "Times the smallest size",
    panels,
    columns: 3,
    width: 960,
  });
}

export function scaleTable(measured: readonly ScaleCurve[]): Table {
  return {
    name: "bench-scale",
    caption:
      "Scaling: fitted exponents of time and of peak memory of the process (which has a constant part of about 0.5 GB)",
    columns: [
      { key: "size", label: "Size" },
      { key: "of", label: "Work" },
      { key: "range", label: "From - to" },
      { key: "time", label: "Time exponent", digits: 2 },
      { key: "memory", label: "Memory exponent", digits: 2 },
    ],
    rows: measured.map(({ size, of, points, timeExponent, memoryExponent }) => ({
      size,
      of,
      range: `${Math.round(points[0]!.x)} - ${Math.round(points.at(-1)!.x)}`,
      time: timeExponent,
      memory: memoryExponent,
    })),
  };
}
