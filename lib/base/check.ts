/**
 * Errors a user can act on: what was expected, what was got, where, what to do. The command line prints them without a
 * stack.
 */
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
