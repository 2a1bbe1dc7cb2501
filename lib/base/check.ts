/**
 * Errors a user can act on: what was expected, what was got, where, what to do. The command line prints them without a
 * stack. And values under a schema, whose errors are such.
 */
import type { z } from "zod";

export class UserError extends Error {
  override name = "UserError";
  constructor(readonly parts: { where?: string; expected: string; got: string; fix: string }) {
    super(`${parts.where ? `${parts.where}: ` : ""}expected ${parts.expected}, got ${parts.got}. ${parts.fix}`);
  }
}

/** A value shortened for an error message. */
export function brief(value: unknown, max = 80): string {
  const text = jsonOf(typeof value === "string" ? value.slice(0, max + 1) : value); // before it doubles
  return text.length > max ? `${text.slice(0, max)}…` : text;
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return "a value too deep to show"; // JSON.parse takes any depth, stringify not before V8 14
  }
}

/** The first of some ids, for a message: `"a", "b", "c", …`. */
export function someOf(ids: readonly string[], most = 5): string {
  const first = ids.slice(0, most).map((id) => brief(id));
  return [...first, ...(ids.length > most ? ["…"] : [])].join(", ");
}

/** The first of some names, and how many others there are: `a, b, c and 12 more`. */
export function andMore(names: readonly string[], most = 8): string {
  const more = names.length - most;
  return `${names.slice(0, most).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** A schema whose values are T, whatever it reads them from. */
export type RowSchema<T> = z.ZodType<T, z.ZodTypeDef, unknown>;

/** Parses one value; the error names where, which key, and what was there. */
export function parseRow<T>(schema: RowSchema<T>, value: unknown, where: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const key = cut(issue.path.join("."));
  const message = cut(issue.message);
  const seen = issue.path.reduce<unknown>((v, k) => (v as Record<string | number, unknown> | undefined)?.[k], value);
  throw new UserError({
    where,
    expected: key ? `a valid "${key}" (${message})` : `a valid row (${message})`,
    got:
      issue.code === "unrecognized_keys"
        ? cut(`unknown keys ${issue.keys.map((k) => `"${k}"`).join(", ")}`)
        : brief(seen),
    fix: "Correct that line. Rows are in lib/steps/README.md, what other projects write in `mask-dpo import --help`.",
  });
}

/** Keys and values of a spoilt file may be of any length. */
const cut = (text: string): string => (text.length > 300 ? `${text.slice(0, 300)}…` : text);

/** `JSON.parse` whose error says where. */
export function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UserError({
      where,
      expected: "one JSON value",
      got: `${brief(text, 60)} (${cut((error as Error).message)})`,
      fix: "Correct or remove that line. In a file of rows each is a JSON object (JSONL).",
    });
  }
}
