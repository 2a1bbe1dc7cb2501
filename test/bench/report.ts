/** Rows as a table and as a figure. */
import { dumbbellFigure } from "../../lib/show/figure/bars";
import type { Figure } from "../../lib/show/figure/figure";
import { palette } from "../../lib/show/palette";
import type { Table } from "../../lib/show/table";
import type { Row } from "./race";

const met = ({ ratio, goal, atMost }: Row): boolean => (atMost ? ratio.value <= goal : ratio.value >= goal);

export function benchTable(rows: readonly Row[]): Table {
  return {
    name: "bench",
    caption:
      "Speed and memory against the Python stack, both in turn on one machine: median [lowest, highest] of the rounds",
    columns: [
      { key: "work", label: "Work" },
      { key: "peerName", label: "Peer" },
      { key: "unit", label: "Unit" },
      { key: "ours", label: "Ours", digits: 2 },
      { key: "peer", label: "Peer's", digits: 2 },
      { key: "ratio", label: "Ratio", digits: 2 },
      { key: "goal", label: "Goal" },
      { key: "met", label: "Met" },
      { key: "check", label: "Same work" },
      { key: "cpu", label: "Processor" },
    ],
    rows: rows.map((row) => ({
      work: row.work,
      peerName: row.peerName,
      unit: row.unit,
      ours: row.ours,
      peer: row.peer,
      ratio: row.ratio,
      check: row.check,
      cpu: row.cpu ?? "",
      goal: row.goal === 0 ? "-" : `${row.atMost ? "<=" : ">="} ${row.goal}`,
      met: row.goal === 0 ? "-" : met(row) ? "yes" : "no",
    })),
  };
}

/** How many times better than each peer, beside what was asked. */
export function ratioFigure(rows: readonly Row[]): Figure {
  const shown = rows.filter(({ goal, atMost }) => goal > 0 && !atMost);
  return dumbbellFigure({
    name: "bench-ratios",
    title: "Times faster (or smaller) than the peer",
    valueTitle: "Ratio: median, range of rounds",
    categories: shown.map(({ work, peerName }) => `${work}: ${peerName}`),
    series: [
      { label: "goal", style: palette.base, values: shown.map(({ goal }) => goal) },
      { label: "measured", style: palette.maskDpo, values: shown.map(({ ratio }) => ratio) },
    ],
    width: 1000,
  });
}
