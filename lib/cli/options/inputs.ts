/** Of every verb: what it writes must not be what it reads. */
import { readdirSync, statSync } from "node:fs";
import path from "node:path";
import type { Command } from "commander";
import { refuseInputs } from "../../base/outputs";
import { isPolicyFile } from "../../model/policy";
import { atlasFolder } from "../../world/facts";

/** These make what Atlas is; all others read it. */
const makers = ["facts", "pretrain", "tune"];

/**
 * Inputs are the files and folders that its options say they name, the files that such a folder is a policy by, and
 * Atlas's.
 * @throws UserError where --out is one of them, by whatever name
 */
export function checkOutput(verb: Command): void {
  const { out } = verb.opts<{ out?: string }>();
  if (out === undefined) return;
  const given = verb.options
    .filter((option) => /<[^>]*(file|dir)/.test(option.flags) && !["out", "cache"].includes(option.attributeName()))
    .flatMap((option) => pathsIn(verb.getOptionValue(option.attributeName())));
  const atlas = makers.includes(verb.name()) ? [] : [atlasFolder, ...entriesOf(atlasFolder)];
  const inputs = [...given, ...atlas].flatMap((input) => [input, ...entriesOf(input).filter(isRead)]);
  refuseInputs([out, `${out}.run`], inputs);
}

/** A path, several, or some with names. */
function pathsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap(pathsIn);
  return value !== null && typeof value === "object" && "file" in value ? pathsIn(value.file) : [];
}

const isRead = (file: string): boolean =>
  /^adapter_config\.json$/.test(path.basename(file)) || isPolicyFile(path.basename(file));

function entriesOf(dir: string): string[] {
  if (!statSync(dir, { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(dir).map((name) => path.join(dir, name));
}
