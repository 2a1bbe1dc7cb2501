/** `mask-dpo runs`: what the run folders are, what tells two of them apart, and how to be rid of old ones. */
import path from "node:path";
import { InvalidArgumentError, Option, type Command } from "commander";
import { sum } from "../base/collections";
import { projectRoot } from "../base/files";
import { findRun, listRuns, oldRuns, removeRun, sizeText } from "../steps/runs/runs";
import { differences, diffTable, recordOf, runsTable, showRun } from "../steps/runs/text";
import { answer, json, say, textOf } from "./options/flags";

const UNITS: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** "7d", "12h", "30m" in ms. */
function period(text: string): number {
  const [, amount, unit] = /^(\d+)([mhd])$/.exec(text) ?? [];
  if (amount === undefined || unit === undefined)
    throw new InvalidArgumentError("Expected a number with m, h or d, e.g. 7d.");
  return Number(amount) * UNITS[unit]!;
}

/** Where the notebooks keep their runs. */
const runsRoot = (): string => path.resolve(process.env.MASK_DPO_RUNS ?? path.join(projectRoot, "data/runs"));

/** Adds the verbs to the program. */
export function addRunsCommand(program: Command): void {
  const runs = program
    .command("runs")
    .description("list, show, compare and remove run folders (data/runs, or $MASK_DPO_RUNS)");
  runs
    .command("ls")
    .description("every run, newest first")
    .option("--kind <k>", "only these, e.g. candidates")
    .addOption(json())
    .action((o: { kind?: string; json?: boolean }) => {
      const found = listRuns(runsRoot(), o.kind);
      answer(o.json, found.map(recordOf), () => textOf(runsTable(found, Date.now())));
    });
  runs
    .command("show")
    .description("configuration, files and last log rows of one run")
    .argument("<prefix>", "of its hash or name")
    .addOption(json())
    .action((prefix: string, o: { json?: boolean }) => {
      const run = findRun(runsRoot(), prefix);
      answer(o.json, { ...recordOf(run), files: run.files }, () => showRun(run, Date.now()));
    });
  runs
    .command("diff")
    .description("what differs between two configurations")
    .argument("<a>", "prefix of a hash or name")
    .argument("<b>", "another")
    .addOption(json())
    .action((a: string, b: string, o: { json?: boolean }) => {
      const [one, other] = [findRun(runsRoot(), a), findRun(runsRoot(), b)];
      answer(o.json, differences(one, other), () => textOf(diffTable(one, other)));
    });
  runs
    .command("gc")
    .description("remove old runs; without --yes it only says what it would remove")
    .addOption(
      new Option("--older-than <age>", "last written so long ago, e.g. 12h")
        .argParser(period)
        .default(period("7d"), "7d"),
    )
    .option("--kind <k>", "only these")
    .option("--dry-run", "remove nothing")
    .option("--yes", "remove")
    .action(collect);
}

interface CollectFlags {
  olderThan: number;
  kind?: string;
  dryRun?: boolean;
  yes?: boolean;
}

function collect({ olderThan, kind, dryRun, yes }: CollectFlags): void {
  const now = Date.now();
  const old = oldRuns(runsRoot(), now - olderThan, kind);
  say(textOf(runsTable(old, now)));
  if (old.length === 0) return;
  if (dryRun || !yes) return say(dryRun ? "Nothing was removed." : "Nothing was removed: add --yes to remove them.");
  for (const run of old) removeRun(run);
  say(`${sizeText(sum(old.map(({ bytes }) => bytes)))} freed`);
}
