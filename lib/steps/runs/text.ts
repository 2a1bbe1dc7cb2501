/** Run folders as tables and text. */
import { sum } from "../../base/collections";
import path from "node:path";
import { existsSync } from "node:fs";
import { brief } from "../../base/check";
import { isOld } from "../../base/codeVersions";
import { duration } from "../../base/progress";
import { differing, type Flat, flat } from "../../base/runFolder";
import type { Table } from "../../show/table";
import { DAY, isRegular, keyOf, readBlocks, type Run, sizeText } from "./runs";

/** One row per run, and their sum. */
export function runsTable(runs: readonly Run[], now: number): Table {
  const total = sum(runs.map(({ bytes }) => bytes));
  return {
    name: "runs",
    caption: `${runs.length} run${runs.length === 1 ? "" : "s"}, ${sizeText(total)}`,
    columns: [
      { key: "hash", label: "Hash" },
      { key: "kind", label: "Kind" },
      { key: "age", label: "Age", align: "right" },
      { key: "size", label: "Size", align: "right" },
      { key: "state", label: "State" },
      { key: "code", label: "Code" },
      { key: "what", label: "What" },
    ],
    rows: runs.map((run) => ({
      hash: run.hash,
      kind: run.kind,
      age: ageText(now - run.changed),
      size: sizeText(run.bytes),
      state: stateOf(run),
      code: run.key && isOld(run.key) ? "older: not used" : "",
      what: run.problem ?? describe(run.key!),
    })),
  };
}

/** run.json, the files, and the last rows of the log where there is one. @throws UserError for a damaged run.json */
export function showRun(run: Run, now: number): string {
  const { dir, files, name, bytes, changed } = run;
  const log = files
    .map((file) => path.join(path.dirname(dir), file.name))
    .find((file) => path.basename(file) === "log.jsonl");
  const age = `last written ${ageText(now - changed)} ago${isOld(keyOf(run)) ? ", by older code" : ""}`;
  return [
    `${name}: ${stateOf(run)}, ${sizeText(bytes)}, ${age}`,
    ...JSON.stringify(keyOf(run), null, 2).split("\n").map(printable),
    ...files.map((file) => `${sizeText(file.bytes).padStart(10)}  ${printable(file.name)}`),
    ...(log ? ["last rows of log.jsonl:", ...lastLines(log, 3)] : []),
  ].join("\n");
}

/** One run for scripts: bytes, times and configuration as they are. */
export function recordOf(run: Run): object {
  const { name, kind, hash, dir, bytes, changed, key, problem } = run;
  const old = key !== undefined && isOld(key);
  return {
    name,
    kind,
    hash,
    dir,
    bytes,
    changed: new Date(changed).toISOString(),
    state: stateOf(run),
    old,
    key,
    problem,
  };
}

/** The keys in which two runs differ, with the value in each that has them. @throws UserError for a damaged run.json */
export function differences(a: Run, b: Run): object {
  const [one, other, names] = differing(keyOf(a), keyOf(b));
  return Object.fromEntries(names.map((name) => [name, { [a.name]: one[name], [b.name]: other[name] }]));
}

/** The keys in which two runs differ. @throws UserError for a damaged run.json */
export function diffTable(a: Run, b: Run): Table {
  const [one, other, names] = differing(keyOf(a), keyOf(b));
  const text = (of: Flat, name: string): string => (name in of ? brief(of[name]) : "nothing");
  return {
    name: "runs-diff",
    caption:
      names.length === 0
        ? `${a.name} and ${b.name} do not differ`
        : `What differs: ${names.length} key${names.length === 1 ? "" : "s"}`,
    columns: [
      { key: "name", label: "Key" },
      { key: "a", label: a.name },
      { key: "b", label: b.name },
    ],
    rows: names.map((name) => ({ name, a: text(one, name), b: text(other, name) })),
  };
}

/**
 * A training run ends without its state and with its output, an experiment with its result; a file that grows has rows;
 * the others are written at once.
 */
function stateOf({ name, kind, dir, parts, files, key }: Run): string {
  if (!key) return "damaged";
  if (name.endsWith(".run"))
    return parts.length > 1 &&
      isRegular(path.join(dir, "log.jsonl")) &&
      !existsSync(path.join(dir, "state.safetensors"))
      ? "finished"
      : "unfinished";
  if (kind === "experiment") return isRegular(path.join(dir, "result.json")) ? "finished" : "unfinished";
  if (files.length < 2) return "empty";
  const grown = path.join(dir, "candidates.jsonl");
  const rows = isRegular(grown) ? countLines(grown) : undefined;
  return rows === undefined ? "finished" : `${rows} row${rows === 1 ? "" : "s"}`;
}

function valueText(value: unknown): string {
  if (typeof value !== "string") return brief(value, 40);
  return /^[0-9a-f]{64}$/.test(value) ? value.slice(0, 8) : value;
}

/** The configuration in one line: hashes shortened, keys without what they are in. */
function describe(key: object): string {
  const line = Object.entries(flat(key))
    .filter(([name]) => !name.startsWith("code.")) // a column of its own
    .map(([name, value]) => `${name.slice(name.lastIndexOf(".") + 1)} ${valueText(value)}`)
    .join(", ");
  return printable(line.length > 160 ? `${line.slice(0, 159)}…` : line);
}

/** Whatever a file holds, the terminal is only written to. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, "?");
}

function ageText(ms: number): string {
  return ms < DAY ? duration(ms / 1000) : `${Math.floor(ms / DAY)} d`;
}

function countLines(file: string): number {
  let lines = 0;
  readBlocks(file, (block) => {
    for (let at = block.indexOf(10); at >= 0; at = block.indexOf(10, at + 1)) lines++;
  });
  return lines;
}

function lastLines(file: string, count: number): string[] {
  const blocks: Buffer[] = [];
  readBlocks(file, (block) => blocks.push(Buffer.from(block)), 1 << 16);
  return Buffer.concat(blocks)
    .toString("utf8")
    .split("\n")
    .filter(Boolean)
    .slice(-count)
    .map((line) => printable(line.slice(0, 1000)));
}
