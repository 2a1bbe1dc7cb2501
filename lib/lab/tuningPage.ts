/** TUNING.md's tables, written from the grids that were kept. */
import { describeOptions } from "../align/objective/registry";
import { worldNames, type WorldName } from "../world/worlds";
import { presetNames } from "./preset";
import {
  baseOf,
  chosenTrial,
  rateFactors,
  strengthFactors,
  type Trial,
  type TrialSettings,
  type TunedArm,
  type Tuning,
} from "./tuning";
import { toMarkdown, type Table } from "../show/table";

/** Two tables for each preset that has grids: all scores, and what was chosen. */
export function tuningTables(tuning: Tuning, world: WorldName): Table[] {
  return presetNames.flatMap((preset) => {
    const own = tuning.arms.filter((arm) => arm.preset === preset);
    const where = world === "atlas" ? preset : `${preset}, world ${world}`;
    return own.length > 0 ? [gridTable(tuning, where, own), chosenTable(tuning, where, own)] : [];
  });
}

/** A row an arm; a column a point of the grid, and one a rate that was climbed to. */
function gridTable(tuning: Tuning, where: string, arms: readonly TunedArm[]): Table {
  const rates = [...new Set(arms.flatMap(({ trials }) => trials.map(({ lr }) => lr)))].sort((a, b) => a - b);
  const columns = rates.flatMap((lr, i): { lr: number; strength?: number }[] =>
    i < rateFactors.length ? strengthFactors.map((strength) => ({ lr, strength })) : [{ lr }],
  );
  const label = ({ lr, strength }: { lr: number; strength?: number }) =>
    strength === undefined ? lr.toExponential() : `${lr.toExponential()}, x${strength}`;
  return {
    name: "tuning",
    caption: `Scores on validation topics (%, sampled) by learning rate and factor on the default strength, ${where}`,
    columns: [{ key: "arm", label: "Arm" }, ...columns.map((point) => ({ key: label(point), label: label(point) }))],
    rows: arms.map((arm) => {
      const best = chosenTrial(tuning, arm);
      const cells = columns.map((point): [string, string | null] => {
        const { lr, strength } = point;
        const trial = arm.trials.find((one) => one.lr === lr && (strength ?? one.strength) === one.strength);
        return [label(point), trial ? `${trial.score.value.toFixed(1)}${trial === best ? " (best)" : ""}` : null];
      });
      return { arm: arm.label, ...Object.fromEntries(cells) };
    }),
  };
}

function chosenTable(tuning: Tuning, where: string, arms: readonly TunedArm[]): Table {
  const scores = ({ score, correct, incorrect, noFact, facts, characters }: Omit<Trial, keyof TrialSettings>) => {
    return { score, correct, incorrect, noFact, facts, characters };
  };
  const { preset, seed, engine, k } = arms[0]!;
  const base = { arm: "base", lr: null, options: null, ...scores(baseOf(tuning, preset)), pairs: null, steps: null };
  return {
    name: "tuned",
    caption: `What each arm has from its grid (${where}: K = ${k}, seed ${seed}, engine ${engine}); counts per answer`,
    columns: [
      { key: "arm", label: "Arm" },
      { key: "lr", label: "Rate" },
      { key: "options", label: "Options" },
      { key: "score", label: "% Score [95 %]" },
      { key: "correct", label: "# Correct", digits: 2 },
      { key: "incorrect", label: "# Incorrect", digits: 2 },
      { key: "noFact", label: "# No fact", digits: 2 },
      { key: "facts", label: "# Different facts", digits: 2 },
      { key: "characters", label: "Characters", digits: 0 },
      { key: "pairs", label: "Pairs", digits: 0 },
      { key: "steps", label: "Steps", digits: 0 },
    ],
    rows: [
      base,
      ...arms.map((arm) => {
        const best = chosenTrial(tuning, arm);
        const { pairs, steps, label } = arm;
        const options = describeOptions(best.objective);
        return { arm: label, lr: best.lr.toExponential(), options, ...scores(best), pairs, steps };
      }),
    ],
  };
}

const room = /(<!-- tuning -->\n)[^]*(<!-- end -->)/;

/** Whether `withTuning` finds its marks. */
export const hasRoom = (page: string): boolean => room.test(page);

/** A page with the tables of all worlds in place of those between its marks. */
export function withTuning(page: string, tunings: Readonly<Record<WorldName, Tuning>>): string {
  const tables = worldNames.flatMap((world) => tuningTables(tunings[world], world)).map(toMarkdown);
  const text = tables.length > 0 ? tables.join("\n") : "No grid is kept: every arm has the middle of it.\n";
  return page.replace(room, (_, start: string, end: string) => start + text + end);
}
