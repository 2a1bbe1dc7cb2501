/** A figures folder as notebooks leave it, with hostile texts, for the tests of what is made of it. */
import { readFileSync } from "node:fs";
import path from "node:path";
import type { TestContext } from "node:test";
import type { Traced } from "../../lib/show/provenance";
import { barFigure } from "../../lib/show/figure/bars";
import { curveFigure } from "../../lib/show/figure/curves";
import { recordNumbers } from "../../lib/lab/headline";
import { palette } from "../../lib/show/palette";
import { preset } from "../../lib/lab/preset";
import { publishFigure, publishTable } from "../../lib/lab/publish";
import type { Session } from "../../lib/lab/session";
import type { Table } from "../../lib/show/table";
import { scratch } from "../golden/fixtures";

const hostile = `</script><img src="https://example.org/x" onerror="alert(1)"> $& § \\ {} % _ ~ ^ # β`;

export function fakeSession(t: TestContext): Session {
  const engine = { name: "wasm", description: "WebAssembly (for a test)", parallel: false };
  return {
    figures: scratch(t),
    runs: scratch(t),
    preset: preset("smoke"),
    seed: 3,
    engine,
    baseDir: "data/base",
    world: "atlas",
    tuning: { bases: [], arms: [] },
    atlas: { splits: { test: Array(20), ood: Array(20) } },
  } as unknown as Session;
}

export const scores: Table = {
  name: "02-scores",
  caption: `Scores ${hostile}`,
  columns: [
    { key: "policy", label: "Policy" },
    { key: "score", label: "Score", digits: 2 },
    { key: "note", label: "Note" },
  ],
  rows: [
    { policy: "base", score: { value: 50.125, low: 48, high: NaN }, note: null },
    { policy: hostile, score: 47, note: "A long remark that goes on. ".repeat(8) },
  ],
};
const bars = barFigure({
  name: "02-scores",
  title: `Scores $& "of" all`,
  valueTitle: "score (%)",
  categories: ["greedy", hostile],
  series: [
    { label: "base", style: palette.base, values: [{ value: 50, low: 48, high: 53 }, 47] },
    { label: "Mask-DPO", style: palette.maskDpo, values: [51, 52] },
  ],
});
const curves = curveFigure({
  name: "06-best-of-n",
  title: "Best of N",
  xTitle: "N",
  yTitle: "score (%)",
  log2: true,
  curves: [
    { label: "base", style: palette.base, x: [1, 2, 4], y: [48, 52, 56], low: [46, 50, 54], high: [50, 54, 58] },
  ],
});

/** Two notebooks' results. */
export async function publishAll(session: Session, ...from: Traced[]): Promise<void> {
  publishTable(session, scores, ...from);
  await publishFigure(session, bars, ...from);
  await publishFigure(session, curves, ...from);
  recordNumbers(
    session,
    "02",
    [{ what: "score, greedy", unit: "%", paper: 77.53, here: { value: 60, low: 55, high: 65 } }],
    ...from,
  );
}

/** results.json, read. */
interface Results {
  made: { preset: string; versions: { node: string } };
  numbers: { what: string; here: unknown; run: { seed: number } }[];
  tables: { name: string; rows: Record<string, unknown>[]; run: unknown }[];
  figures: { name: string; title: string }[];
  runs: Record<string, unknown>;
  unrecorded: string[];
}

export function readResults({ figures }: Session): Results {
  return JSON.parse(readFileSync(path.join(figures, "results.json"), "utf8")) as Results;
}
