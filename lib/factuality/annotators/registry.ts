/** The annotators there are beside Atlas's oracle, and what each takes of what a command or a notebook is given. */
import type { z } from "zod";
import { UserError, brief } from "../../base/check";
import { anah } from "./anah";
import type { AnnotatorEntry } from "./entry";
import { factScore } from "./factScoreAnnotator";
import { selfConsistency } from "./selfConsistency";

/** In the order of `--help`. */
const all = [anah, factScore, selfConsistency] as const;
export const annotators: readonly AnnotatorEntry[] = all;

type Inputs<E> =
  E extends AnnotatorEntry<infer S, infer File>
    ? Partial<z.input<z.ZodObject<S>>> & Partial<Record<File, string>>
    : never;
type Intersection<U> = (U extends unknown ? (one: U) => void : never) extends (all: infer I) => void ? I : never;
/** Files and options of all annotators, by name. */
export type AnnotatorInputs = Intersection<Inputs<(typeof all)[number]>>;

const inputNames = ({ files, options }: AnnotatorEntry): string[] => [
  ...Object.keys(files),
  ...Object.keys(options.shape),
];
const allNames = new Set(annotators.flatMap(inputNames));

/**
 * What an annotator is opened with.
 * @param flags files and options by name, among others; what is undefined is not given
 * @throws UserError for a file that is not given, an option out of range, or what is another annotator's
 */
export function inputsOf(
  entry: AnnotatorEntry,
  flags: AnnotatorInputs,
): { files: Record<string, string>; options: Record<string, string | number | undefined> } {
  const { name, files, options } = entry;
  const given = flags as Readonly<Record<string, string | number | undefined>>;
  const mine = inputNames(entry);
  const other = [...allNames].find((key) => given[key] !== undefined && !mine.includes(key));
  if (other !== undefined)
    throw new UserError({
      where: flagOf(other),
      expected: mine.length > 0 ? `what ${name} takes: ${mine.map(flagOf).join(", ")}` : `nothing for ${name}`,
      got: flagOf(other),
      fix: "Leave it out, or name the annotator it is for.",
    });
  for (const [key, content] of Object.entries(files)) {
    if (!given[key])
      throw new UserError({
        where: flagOf(key),
        expected: `${content} for --annotator ${name}`,
        got: "none",
        fix: "Give one.",
      });
  }
  const parsed = options.safeParse(given);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    const key = String(path[0]);
    throw new UserError({
      where: flagOf(key),
      expected: message,
      got: brief(given[key]),
      fix: "See `mask-dpo annotate --help`.",
    });
  }
  return {
    files: Object.fromEntries(Object.keys(files).map((key) => [key, String(given[key])])),
    options: parsed.data,
  };
}

/** `answerModel` is given as `--answer-model`. */
export function flagOf(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
