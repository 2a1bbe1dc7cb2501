/** Arms as a picture: their scores with intervals, and paired differences against a line at zero. */
import { Rng } from "../base/rng";
import type { Figure } from "../show/figure/figure";
import { rowFigure, type RowPanel, type RowSeries } from "../show/figure/rows";
import { palette, type SeriesStyle } from "../show/palette";
import { runsOf } from "../show/provenance";
import { poolTotals } from "./answerTotals";
import { answersOf, armDifference, scoreOf, type Arm } from "./arm";

/** What was evaluated in one way, such as greedily: a mark in every row. */
export interface ArmSeries {
  label: string;
  style: SeriesStyle;
  /** of each row, from the top */
  arms: readonly Arm[];
  /** scores that the paper prints for these rows, in percent */
  printed?: readonly (number | undefined)[];
}

/** Differences of rows, by their index from the top: the first minus the second; null leaves a row empty. */
export interface ArmContrast {
  title: string;
  pair: (row: number) => readonly [higher: number, lower: number] | null;
}

export interface ArmFigureOptions {
  name: string;
  title: string;
  series: readonly ArmSeries[];
  contrasts: readonly ArmContrast[];
}

/** Arms that are compared answer with as many seeds; those with fewer, such as FactTune's, set the number of both. */
export function armFigure({ seed }: { seed: number }, options: ArmFigureOptions): Figure {
  const { name, title, series, contrasts } = options;
  const rng = new Rng(seed).fork(name);
  const rows = series[0]!.arms.map(({ label }) => label);
  const panel = (
    text: string,
    zero: boolean,
    ours: (arms: readonly Arm[], row: number, rng: Rng) => RowSeries["values"][number],
    theirs: (printed: readonly (number | undefined)[], row: number) => number | null,
  ): RowPanel => ({
    title: text,
    zero,
    series: series.flatMap(({ label, style, arms, printed }): RowSeries[] => [
      { label, style, values: rows.map((_, i) => ours(arms, i, rng.fork(text).fork(label).fork(i))) },
      ...(printed
        ? [
            {
              label: `paper (${label})`,
              style: palette.printed,
              beside: label,
              values: rows.map((_, i) => theirs(printed, i)),
            },
          ]
        : []),
    ]),
  });
  const all = series.flatMap(({ arms }) => arms);
  const counts = series.map(({ label, arms }) => `${most(arms, answersOf)} (${label})`);
  return {
    ...rowFigure({
      name,
      title,
      note:
        `95 % intervals over ${most(all, topicsOf)} topics, differences paired. ` +
        `Answers of up to ${most(all, ({ seeds }) => seeds.length)} seeds: ${counts.join(", ")}.`,
      rows,
      panels: [
        panel(
          "Score (%)",
          false,
          (arms, i, own) => scoreOf(arms[i]!, "score", own),
          (printed, i) => printed[i] ?? null,
        ),
        ...contrasts.map(({ title: text, pair }) =>
          panel(
            text,
            true,
            (arms, i, own) => {
              const [higher, lower] = pair(i) ?? [];
              return higher === undefined || lower === undefined
                ? null
                : armDifference(...alike(arms[higher]!, arms[lower]!), "score", own);
            },
            (printed, i) => {
              const [higher, lower] = (pair(i) ?? []).map((row) => printed[row]);
              return higher === undefined || lower === undefined ? null : Number((higher - lower).toFixed(2));
            },
          ),
        ),
      ],
    }),
    runs: runsOf(...all),
  };
}

/** Both with the seeds that both have. */
function alike(a: Arm, b: Arm): [Arm, Arm] {
  const count = Math.min(a.seeds.length, b.seeds.length);
  const first = (arm: Arm): Arm => ({ ...arm, seeds: arm.seeds.slice(0, count) });
  return [first(a), first(b)];
}

function most(arms: readonly Arm[], of: (arm: Arm) => number): number {
  return Math.max(...arms.map(of));
}

function topicsOf({ seeds }: Arm): number {
  return poolTotals(seeds).topics.length;
}
