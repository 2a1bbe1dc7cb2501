/** Flags and help made from the annotators' entries: a flag for every file and every option. */
import { Option } from "commander";
import { z } from "zod";
import type { AnnotatorEntry } from "../../factuality/annotators/entry";
import { flagOf } from "../../factuality/annotators/registry";
import { annotators, needsOf } from "../../steps/annotators";
import { number } from "./flags";

/** What is given to annotators. Defaults are the schemas', so that it is seen what was given. */
export function annotatorOptions(): Option[] {
  const byFlag = new Map<string, Option>();
  for (const { name, files, options } of annotators) {
    for (const [key, content] of Object.entries(files))
      byFlag.set(key, new Option(`${flagOf(key)} <file>`, `${name}: ${content}`));
    for (const [key, field] of Object.entries(options.shape)) byFlag.set(key, optionOf(name, key, field));
  }
  return [...byFlag.values()];
}

function optionOf(name: string, key: string, field: AnnotatorEntry["options"]["shape"][string]): Option {
  if (field instanceof z.ZodOptional) return new Option(`${flagOf(key)} <name>`, `${name}: ${field.description}`);
  const { innerType: inner, defaultValue } = field._def;
  const description = `${name}: ${field.description ?? inner.description} (default: ${defaultValue()})`;
  return new Option(`${flagOf(key)} <${inner.isInt ? "n" : "x"}>`, description).argParser(
    number(inner.minValue ?? -Infinity, inner.maxValue ?? Infinity, inner.isInt),
  );
}

export function annotatorHelp(): string {
  const lines = annotators.map((entry) => {
    const needs = needsOf(entry);
    return `  ${entry.name.padEnd(18)} ${entry.description}${needs.length > 0 ? ` (needs ${needs.join(", ")})` : ""}`;
  });
  return `\nAnnotators:\n${lines.join("\n")}`;
}
