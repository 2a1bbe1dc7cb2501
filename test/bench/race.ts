/** Measuring two sides in turn, so that whatever else the machine does meets both. */
import os from "node:os";
import type { Interval } from "../../lib/base/stats";

/** A line of the closing table, and of bench.json. */
export interface Row {
  suite: string;
  work: string;
  /** what both sides ran on, once that is known: suites may be measured on different machines */
  cpu?: string;
  /** median [lowest, highest] of our side and of the other, in `unit` */
  ours: Interval;
  peer: Interval;
  unit: string;
  peerName: string;
  /** how many times better than the peer: median [lowest, highest] of the rounds' ratios */
  ratio: Interval;
  /** the ratio to reach, or with `atMost` not to exceed; 0: none */
  goal: number;
  atMost?: boolean;
  /** what shows that both did the same, e.g. losses */
  check: string;
}

/** Median with the range. */
export function spread(values: readonly number[]): Interval {
  const sorted = values.slice().sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return {
    value: sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2,
    low: sorted[0]!,
    high: sorted.at(-1)!,
  };
}

/** Runs all sides once a round, the first side another one each time; the values of all rounds after the warm-up. */
export async function race<Name extends string>(
  rounds: number,
  warmup: number,
  sides: Record<Name, (round: number) => Promise<number>>,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(sides) as Name[];
  const values = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = 0; round < rounds + warmup; round++) {
    for (let i = 0; i < names.length; i++) {
      const name = names[(round + i) % names.length]!;
      const value = await sides[name](round);
      if (round >= warmup) values[name].push(value);
    }
    process.stderr.write(`\r  round ${round + 1}/${rounds + warmup}   `);
  }
  process.stderr.write("\r                         \r");
  return values;
}

/** Ratios a/b round by round. */
export function ratios(a: readonly number[], b: readonly number[]): Interval {
  return spread(a.map((x, i) => x / b[i]!));
}

/** Seconds a function takes. */
export async function seconds(run: () => unknown): Promise<number> {
  const started = performance.now();
  await run();
  return (performance.now() - started) / 1000;
}

/** What the numbers were measured on. */
export function machine(engine: string): Record<string, string | number> {
  return {
    cpu: os.cpus()[0]?.model ?? "unknown",
    cores: os.availableParallelism(),
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    platform: `${os.platform()} ${os.arch()}`,
    node: process.version,
    engine,
  };
}
