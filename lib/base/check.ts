/** Errors a user can act on: what was expected, what was got, where, what to do. The command line prints them without a stack. */
export class UserError extends Error {
  override name = "UserError";
  constructor(readonly parts: { where?: string; expected: string; got: string; fix: string }) {
    super(`${parts.where ? `${parts.where}: ` : ""}expected ${parts.expected}, got ${parts.got}. ${parts.fix}`);
  }
}

/** A value shortened for an error message. */
export function brief(value: unknown, max = 80): string {
  const text = typeof value === "string" ? JSON.stringify(value) : (JSON.stringify(value) ?? String(value));
  return text.length > max ? `${text.slice(0, max)}…` : text;
}

/** `array[index]`, or an error that names the caller: for indices that are right by construction. */
export function at<T>(array: ArrayLike<T>, index: number, who: string): T {
  const value = array[index];
  if (value === undefined) throw new RangeError(`${who}: expected an index below ${array.length}, got ${index}`);
  return value;
}

/** Throws unless `shape` matches; -1 stands for any size. */
export function checkShape(who: string, shape: readonly number[], expected: readonly number[]): void {
  const same = shape.length === expected.length && expected.every((n, i) => n === -1 || n === shape[i]);
  if (!same) throw new RangeError(`${who}: expected shape [${expected.join(", ")}], got [${shape.join(", ")}]`);
}
