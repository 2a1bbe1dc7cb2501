/**
 * Run folders: named by what they hold and the hash of everything that determines it, so that a result is computed
 * once.
 */
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { UserError, brief } from "./check";
import { isStream, makeFolder, writeFileAtomic } from "./files";
import { canonicalJson, hashOf } from "./hash";
import { parseJson } from "./jsonl";
import { isAlive } from "./lock";
import { readText } from "./textFile";

/** Name of a run folder: `<kind>-<hash8>`. */
export function folderName(kind: string, key: object): string {
  return `${kind}-${hashOf(key).slice(0, 8)}`;
}

/** What the run folder of this name stands for. @throws UserError where none is there */
export function runKey(root: string, name: string): object {
  const file = path.join(root, name, "run.json");
  return parseJson(readText(file), file) as object;
}

/** `<root>/<kind>-<hash8>`, made if absent; run.json inside says in words what the hash stands for. */
export function runFolder(root: string, kind: string, key: object): string {
  const dir = path.join(root, folderName(kind, key));
  claimFolder(dir, key);
  return dir;
}

/**
 * Claims `<out>.run` for an output that grows or takes long, and returns that folder. Beside a device or a pipe, which
 * nothing goes on from, it is one that passes with the process.
 * @throws UserError as `claimFolder`, and when something that no run of ours wrote stands at `out`
 */
export function claimBeside(out: string, key: object): string {
  if (isStream(out)) return passingFolder();
  const dir = `${out}.run`;
  if (!existsSync(path.join(dir, "run.json")) && existsSync(out) && !isEmpty(out)) {
    throw new UserError({
      where: out,
      expected: "nothing there, or the output of the run to go on with",
      got: `something else (there is no ${dir})`,
      fix: "Choose another --out, or move this away.",
    });
  }
  claimFolder(dir, key);
  return dir;
}

function passingFolder(): string {
  const dir = mkdtempSync(path.join(os.tmpdir(), "mask-dpo-"));
  process.on("exit", () => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

function isEmpty(target: string): boolean {
  const stat = statSync(target);
  return stat.isDirectory() ? readdirSync(target).length === 0 : stat.size === 0;
}

/** Removes what writers that were killed left half-written. */
export function sweep(dir: string): void {
  for (const name of readdirSync(dir)) {
    const pid = /\.(\d+)\.tmp$/.exec(name)?.[1];
    if (pid && !isAlive(Number(pid))) rmSync(path.join(dir, name), { recursive: true, force: true });
  }
}

/**
 * Makes `dir` the folder of this configuration.
 * @throws UserError when run.json there is of another one, naming what differs
 */
export function claimFolder(dir: string, key: object): void {
  const file = path.join(dir, "run.json");
  makeFolder(dir);
  sweep(dir);
  if (!existsSync(file)) {
    writeFileAtomic(file, `${JSON.stringify(key, null, 2)}\n`);
    return;
  }
  const there = parseJson(readText(file), file);
  if (isSame(there, key, file)) return;
  const [a, b, names] = differing(there, key);
  const list = (of: Flat) =>
    names
      .slice(0, 5)
      .map((name) => `${name} = ${name in of ? told(of[name]) : "nothing"}`)
      .join(", ");
  throw new UserError({
    where: file,
    expected: `a run with ${list(b)}`,
    got: `one with ${list(a)}`,
    fix: startAgain(dir),
  });
}

/** What to do where the record of a run does not fit. @param dir `<out>.run`, or the folder of one in the cache */
export function startAgain(dir: string): string {
  const out = dir.endsWith(".run") ? `${dir.slice(0, -".run".length)} and ` : "";
  return `Use another output, or delete ${out}${dir} to start again.`;
}

/** @throws UserError for a value that is nested deeper than any configuration */
function isSame(there: unknown, key: object, where: string): boolean {
  try {
    return canonicalJson(there) === canonicalJson(key);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UserError({
      where,
      expected: "the configuration of a run",
      got: "a value too deep to be one",
      fix: startAgain(path.dirname(where)),
    });
  }
}

/** A hash says only that a file's content is another. */
function told(value: unknown): string {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value) ? `content ${value.slice(0, 8)}` : brief(value);
}

/** Values by dotted keys; a list is one value. */
export type Flat = Record<string, unknown>;

export function flat(value: unknown, prefix = ""): Flat {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return { [prefix || "value"]: value };
  return Object.fromEntries(
    Object.entries(value).flatMap(([k, v]) => Object.entries(flat(v, prefix ? `${prefix}.${k}` : k))),
  );
}

/** Both flattened, and the keys in which they differ. */
export function differing(one: unknown, other: unknown): [a: Flat, b: Flat, names: string[]] {
  const [a, b] = [flat(one), flat(other)];
  return [
    a,
    b,
    [...new Set([...Object.keys(a), ...Object.keys(b)])].filter(
      (name) => canonicalJson(a[name]) !== canonicalJson(b[name]),
    ),
  ];
}
