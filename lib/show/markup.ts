/**
 * Text put into other languages: HTML, JSON inside a script, file names. Everything shown goes through here, so that no
 * text of a model or a user becomes markup.
 */
import { UserError, brief } from "../base/check";

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Text as HTML text or attribute value (in quotes). */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (c) => ENTITIES[c]!);
}

/**
 * JSON that may stand inside a <script> element: it cannot close the element, open a comment or break a line of
 * JavaScript.
 */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Figures and tables are named like "02-training-loss": letters, digits, dot, dash, underscore. @throws UserError */
export function checkFileName(name: string, where: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) return name;
  throw new UserError({
    where,
    expected: "a name of letters, digits, dots, dashes and underscores",
    got: brief(name),
    fix: "Rename it.",
  });
}
