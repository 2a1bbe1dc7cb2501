/**
 * Rows as the verbs hand them on: questions -> candidates -> annotated candidates -> pairs. A file of an earlier step
 * is answered with the verb that is missing.
 */
import { z } from "zod";
import { UserError } from "../base/check";
import { readJsonl, required } from "../base/jsonl";
import { readAnnotated } from "../factuality/annotatedFile";
import {
  candidateSchema,
  questionSchema,
  type AnnotatedCandidate,
  type Candidate,
  type Question,
} from "../factuality/records";
import type { PreferencePair } from "../preference/pair";
import { readPairs } from "../preference/pairFile";

interface Rows {
  question: Question;
  candidate: Candidate;
  annotated: AnnotatedCandidate;
  pair: PreferencePair;
}

interface Kind<T> {
  read: (file: string) => T[];
  /** one of them, and several, for messages */
  one: string;
  many: string;
  /** whether a row's keys are those of this kind */
  is: (keys: ReadonlySet<string>) => boolean;
  /** the verb that makes them of the kind before */
  verb?: string;
}

/** In the order of the pipeline. */
const kinds: { [K in keyof Rows]: Kind<Rows[K]> } = {
  question: {
    read: (file) => readJsonl(file, questionSchema),
    one: "question",
    many: "questions",
    is: (keys) => keys.has("id"),
  },
  candidate: {
    read: (file) => readJsonl(file, candidateSchema),
    one: "candidate",
    many: "candidates, which have no verdicts",
    is: (keys) => keys.has("completion") && !keys.has("sentences"),
    verb: "sample",
  },
  annotated: {
    read: readAnnotated,
    one: "annotated candidate",
    many: "annotated candidates",
    is: (keys) => keys.has("completion") && keys.has("sentences"),
    verb: "annotate",
  },
  pair: {
    read: readPairs,
    one: "pair",
    many: "pairs",
    is: (keys) => keys.has("chosen") && keys.has("rejected"),
    verb: "pairs",
  },
};

/**
 * The rows of a file, at least one.
 * @throws UserError for rows of another kind, with the verb to run first, or as `readJsonl`
 */
export function readRows<K extends keyof Rows>(kind: K, file: string): Rows[K][] {
  const wanted = kinds[kind] as Kind<Rows[K]>;
  try {
    return required(wanted.read(file), file, wanted.one);
  } catch (error) {
    throw wrongKind(kind, file) ?? error;
  }
}

/** The error for a file of another kind of rows. */
function wrongKind(kind: keyof Rows, file: string): UserError | undefined {
  const order = Object.keys(kinds) as (keyof Rows)[];
  const found = kindOf(file);
  if (!found || found === kind) return undefined;
  const verbs = order.slice(order.indexOf(found) + 1, order.indexOf(kind) + 1).map((name) => kinds[name].verb!);
  const commands = verbs.map((verb) => `\`mask-dpo ${verb}\``).join(", then ");
  return new UserError({
    where: file,
    expected: kinds[kind].many.split(",")[0]!,
    got: kinds[found].many,
    fix: verbs.length > 0 ? `Run ${commands} first.` : `Give the ${kinds[kind].one} file that they were made from.`,
  });
}

/** What the first row of a file is, where it is one of these. */
function kindOf(file: string): keyof Rows | undefined {
  try {
    const [first] = readJsonl(file, z.record(z.unknown()));
    const keys = new Set(Object.keys(first ?? {}));
    return (Object.keys(kinds) as (keyof Rows)[]).find((name) => kinds[name].is(keys));
  } catch {
    return undefined; // then its own error says more
  }
}
