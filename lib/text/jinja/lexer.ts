/**
 * Jinja's lexer with trim_blocks and lstrip_blocks, as transformers sets them: a block or comment takes the line break
 * behind it and, where it stands first in its line, the white space before it; a `-` takes all of it, a `+` none.
 */
import { TemplateError } from "./value";

export interface Token {
  kind: "text" | "begin" | "end" | "print" | "printEnd" | "name" | "string" | "integer" | "float" | "operator";
  text: string;
}

const opening = /\{([%{#])([-+]?)/g;
const operators = /\/\/|\*\*|==|!=|>=|<=|[-+/*%~[\](){}><=.:|,;]/y;
const nameOrNumber = /[\p{L}\p{N}_\p{M}]+/uy;
const float = /\d+(?:_\d+)*(?:\.\d+(?:_\d+)*)?(?:e[-+]?\d+(?:_\d+)*)|\d+(?:_\d+)*\.\d+(?:_\d+)*/iy;
const integer = /0b(?:_?[01])+|0o(?:_?[0-7])+|0x(?:_?[\da-f])+|[1-9](?:_?\d)*|0(?:_?0)*/iy;
const string = /'[^'\\]*(?:\\[^][^'\\]*)*'|"[^"\\]*(?:\\[^][^"\\]*)*"/y;
const space = /\s+/y;
const rawBegin = /\{%[-+]?\s*raw\s*(?:-%\}\s*|%\})/y;
const rawEnd = /\{%([-+]?)\s*endraw\s*(?:\+%\}|-%\}\s*|%\}\n?)/g;
const closers: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };

/** @throws TemplateError for what is no template */
export function tokenize(template: string): Token[] {
  const source = template.replace(/\r\n?/g, "\n").replace(/\n$/, "");
  const tokens: Token[] = [];
  let at = 0;
  const text = (upTo: number, sign: string | undefined, isPrint: boolean): void => {
    const piece = stripped(source.slice(at, upTo), at === 0 || source[at - 1] === "\n", sign, isPrint);
    if (piece) tokens.push({ kind: "text", text: piece });
  };
  for (;;) {
    opening.lastIndex = at;
    const found = opening.exec(source);
    if (!found) {
      text(source.length, "+", false);
      return tokens;
    }
    const [whole, mark, sign] = found;
    text(found.index, sign, mark === "{");
    at = found.index + whole.length;
    if (mark === "#") at = afterComment(source, at);
    else {
      const raw = matchAt(rawBegin, source, found.index);
      at = raw ? readRaw(source, found.index + raw.length, tokens) : readTag(source, at, mark === "{", tokens);
    }
  }
}

function stripped(piece: string, startsLine: boolean, sign: string | undefined, isPrint: boolean): string {
  if (sign === "-") return piece.trimEnd();
  if (sign === "+" || isPrint) return piece;
  const line = piece.lastIndexOf("\n") + 1;
  return (line > 0 || startsLine) && piece.slice(line).trim() === "" ? piece.slice(0, line) : piece;
}

function matchAt(pattern: RegExp, source: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0];
}

function afterComment(source: string, at: number): number {
  if (at === source.length) return at; // so does jinja2
  const end = source.indexOf("#}", at);
  if (end < 0) throw new TemplateError("Missing end of comment tag");
  const behind = end + 2;
  const sign = end > at ? source[end - 1] : "";
  if (sign === "-") return behind + (matchAt(space, source, behind)?.length ?? 0);
  return sign !== "+" && source[behind] === "\n" ? behind + 1 : behind;
}

function readRaw(source: string, at: number, tokens: Token[]): number {
  rawEnd.lastIndex = at;
  const end = rawEnd.exec(source);
  if (!end) throw new TemplateError("Missing end of raw directive");
  const piece = stripped(source.slice(at, end.index), source[at - 1] === "\n", end[1], false);
  if (piece) tokens.push({ kind: "text", text: piece });
  return end.index + end[0].length;
}

/** The tokens between `{{` or `{%` and its end. @returns where the template goes on */
function readTag(source: string, from: number, isPrint: boolean, tokens: Token[]): number {
  const end = isPrint ? /-\}\}\s*|\}\}/y : /\+%\}|-%\}\s*|%\}\n?/y;
  const open: string[] = [];
  tokens.push({ kind: isPrint ? "print" : "begin", text: "" });
  let at = from;
  while (at < source.length) {
    const closing = open.length === 0 ? matchAt(end, source, at) : undefined;
    if (closing !== undefined) {
      tokens.push({ kind: isPrint ? "printEnd" : "end", text: "" });
      return at + closing.length;
    }
    const blank = matchAt(space, source, at);
    if (blank !== undefined) {
      at += blank.length;
      continue;
    }
    const token = readToken(source, at);
    at += token.length;
    if (token.kind === "operator") balance(token.text, open);
    tokens.push({ kind: token.kind, text: token.text });
  }
  throw new TemplateError("unexpected end of template");
}

function balance(operator: string, open: string[]): void {
  if (closers[operator] !== undefined) open.push(closers[operator]);
  else if (/^[)\]}]$/.test(operator) && open.pop() !== operator) throw new TemplateError(`unexpected '${operator}'`);
}

function readToken(source: string, at: number): Token & { length: number } {
  for (const [kind, pattern] of [
    ["float", float],
    ["integer", integer],
    ["name", nameOrNumber],
    ["string", string],
    ["operator", operators],
  ] as const) {
    const found = source[at - 1] === "." && kind === "float" ? undefined : matchAt(pattern, source, at);
    if (found === undefined) continue;
    const text =
      kind === "string"
        ? unescaped(found.slice(1, -1))
        : kind === "operator" || kind === "name"
          ? found
          : found.replaceAll("_", "");
    return { kind, text, length: found.length };
  }
  throw new TemplateError(`unexpected char ${JSON.stringify(source[at])}`);
}

const simple: Readonly<Record<string, string>> = {
  "\n": "",
  "\\": "\\",
  "'": "'",
  '"': '"',
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/** Escapes of Python's strings; an unknown one stays as it is. */
function unescaped(text: string): string {
  return text.replace(
    /\\(?:x([\da-f]{2})|u([\da-f]{4})|U([\da-f]{8})|([0-7]{1,3})|([^]))/gi,
    (whole, x?: string, u?: string, U?: string, octal?: string, one?: string) => {
      if (one !== undefined) return simple[one] ?? whole;
      const point = octal === undefined ? parseInt(x ?? u ?? U!, 16) : parseInt(octal, 8);
      return point > 0x10ffff ? whole : String.fromCodePoint(point);
    },
  );
}
