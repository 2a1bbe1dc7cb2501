/** Annotators by name, Atlas's oracle among them: `mask-dpo annotate`, what its help says of them, and notebook 09. */
import { z } from "zod";
import { UserError } from "../base/check";
import type { AnnotatorEntry, LocalAnnotator } from "../factuality/annotators/entry";
import { flagOf, inputsOf, annotators as registered } from "../factuality/annotators/registry";
import type { Table } from "../show/table";
import { loadAtlas } from "../world/atlas";
import { gazetteerAnnotator } from "../world/gazetteer/gazetteer";
import { atlasAnnotator } from "../world/oracle";
import { questionsOf } from "../world/questionFile";
import { annotateVerb } from "./annotate";
import { annotateServerVerb, type ServerAnnotateFlags } from "./annotateServed";
import { refuseServerFlags } from "./server";

const oracle: LocalAnnotator<Record<never, never>, never> = {
  name: "oracle",
  description: "Atlas's own facts",
  options: z.object({}),
  files: {},
  server: false,
  open: () => Promise.resolve(atlasAnnotator(loadAtlas())),
};

const gazetteer: LocalAnnotator<Record<never, never>, never> = {
  name: "gazetteer",
  description: "free text about Atlas's cities, against Atlas's facts",
  options: z.object({}),
  files: {},
  server: false,
  open: () => Promise.resolve(gazetteerAnnotator(loadAtlas())),
};

export const annotators: readonly AnnotatorEntry[] = [oracle, gazetteer, ...registered];

/** @throws UserError for an unknown name */
export function annotatorNamed(name: string): AnnotatorEntry {
  const found = annotators.find((annotator) => annotator.name === name);
  if (found) return found;
  throw new UserError({
    where: "--annotator",
    expected: annotators.map((annotator) => annotator.name).join(" | "),
    got: name,
    fix: "See `mask-dpo annotate --help`.",
  });
}

/**
 * Annotated candidates by the annotator of that name. Returns what to say.
 * @throws UserError as `annotatorNamed` and `inputsOf`, and for a server with an annotator that asks none
 */
export async function annotateBy(flags: ServerAnnotateFlags): Promise<string> {
  const entry = annotatorNamed(flags.annotator);
  if (!entry.server && flags.server)
    throw new UserError({
      where: "--annotator",
      expected: `${servedNames().join(" | ")} with --server`,
      got: entry.name,
      fix: "Name one of them, or leave --server out.",
    });
  if (!flags.server) refuseServerFlags(flags);
  if (entry.server) return annotateServerVerb(entry, flags);
  const annotator = await entry.open({ ...inputsOf(entry, flags), questions: questionsOf(flags.questions) });
  const annotated = await annotateVerb(flags, annotator);
  return `${annotated.length} annotated candidates in ${flags.out}`;
}

const servedNames = (): string[] => annotators.filter(({ server }) => server).map(({ name }) => name);

/** What there is to choose from, and what each needs. */
export function annotatorTable(): Table {
  return {
    name: "annotators",
    caption: "Annotators",
    columns: [
      { key: "name", label: "Name" },
      { key: "description", label: "Judges" },
      { key: "needs", label: "Needs" },
      { key: "options", label: "Options" },
    ],
    rows: annotators.map((entry) => ({
      name: entry.name,
      description: entry.description,
      needs: needsOf(entry).join(", ") || "nothing",
      options: Object.keys(entry.options.shape).map(flagOf).join(", ") || "none",
    })),
  };
}

/** A server, and files. */
export function needsOf({ server, files }: AnnotatorEntry): string[] {
  return [...(server ? ["--server"] : []), ...Object.keys(files).map(flagOf)];
}
