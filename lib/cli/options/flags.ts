/** What verbs of the command line share: options, what is taken for a number, how they answer. */
import path from "node:path";
import { InvalidArgumentError, Option } from "commander";
import { maskKinds } from "../../preference/mask";
import { toText, type Table } from "../../show/table";
import { atlasFolder } from "../../world/facts";

/** A parser of numbers in a range. */
export function number(min: number, max = Infinity, whole = false): (text: string) => number {
  const kind = whole ? "whole number" : "number";
  const range = max === Infinity ? `of at least ${min}` : `from ${min} to ${max}`;
  return (text) => {
    const value = text.trim() === "" ? NaN : Number(text);
    const inRange = Number.isFinite(value) && value >= min && value <= max;
    if (!inRange || (whole && !Number.isInteger(value))) throw new InvalidArgumentError(`Expected a ${kind} ${range}.`);
    return value;
  };
}

/** A whole number from 1 on. Limits are far above use: what lies beyond is a slip, and would end in memory or hours. */
export const count = number(1, 1_000_000, true);
/** Completions a question. */
export const completions = number(1, 100_000, true);

export const model = (): Option =>
  new Option("--model <dir>", "Hugging Face folder").default(path.join(atlasFolder, "base"), "Atlas's base");
export const seed = (what = "seed"): Option =>
  new Option("--seed <n>", what).argParser(number(0, 2 ** 31, true)).default(1);
export const questions = (): Option =>
  new Option("--questions <file>", "questions (JSONL)").default(undefined, "Atlas's");
export const mask = (): Option =>
  new Option("--mask <kind>", "which sentences count").choices(maskKinds).default("paper");

export const json = (): Option => new Option("--json", "one JSON value, for scripts, in place of tables");

/** What a help text says of formats, a line each. */
export const formatLines = (formats: Readonly<Record<string, string>>): string =>
  Object.entries(formats)
    .map(([name, text]) => `${name.padEnd(14)}${text}`)
    .join("\n");

/** Where verbs answer and complain. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
}

let terminal: Terminal = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
};

/** A caller in this process listens, instead of the process's own streams. @returns who did before */
export function listen(next: Terminal): Terminal {
  const before = terminal;
  terminal = next;
  return before;
}

export const out = (text: string): void => terminal.out(text);
export const say = (text: string): void => out(`${text}\n`);
/** An answer: for a reader, or with --json for a script. */
export const answer = (asJson: boolean | undefined, value: unknown, text: () => string): void =>
  say(asJson ? JSON.stringify(value, null, 2) : text());
export const textOf = (...tables: readonly Table[]): string => tables.map(toText).join("\n\n");
export const complain = (text: string): void => terminal.err(text);
