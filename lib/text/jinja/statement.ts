/** Parses templates: texts, and the tags that transformers' Jinja knows (its loop controls and `generation` too). */
import { listed, parseExpression, parsePiped, parseTuple } from "./expression";
import { tokenize } from "./lexer";
import type { Expression, Parameter, Piped, Routine, Statement, Target } from "./node";
import { TokenStream } from "./tokenStream";
import { TemplateError } from "./value";

/** @throws TemplateError for what is no template, or uses what is not known here */
export function parseTemplate(source: string): Statement[] {
  const tokens = new TokenStream(tokenize(source));
  const { body } = parseBody(tokens, []);
  return body;
}

/** Statements up to one of these tags, whose name is consumed. Without any: up to the end. */
function parseBody(tokens: TokenStream, ends: readonly string[]): { body: Statement[]; end: string } {
  return tokens.nested(() => {
    const body: Statement[] = [];
    while (!tokens.done()) {
      const { kind, text } = tokens.next();
      if (kind === "text") body.push({ kind: "text", text });
      else if (kind === "print") {
        body.push({ kind: "print", value: parseTuple(tokens) });
        if (!tokens.is("printEnd")) throw tokens.unexpected("the end of the print statement");
        tokens.next();
      } else {
        const name = tokens.expectName();
        if (ends.includes(name)) return { body, end: name };
        body.push(...parseTag(name, tokens));
      }
    }
    if (ends.length === 0) return { body, end: "" };
    throw new TemplateError(`Unexpected end of template. Expected one of the tags ${ends.join(", ")}`);
  });
}

function parseTag(name: string, tokens: TokenStream): Statement[] {
  const parse = Object.hasOwn(tags, name) ? tags[name] : undefined;
  if (!parse) throw new TemplateError(`Encountered unknown tag '${name}'`);
  return [parse(tokens)].flat();
}

/** From the end of a tag past the tag that closes it. */
function block(tokens: TokenStream, end: string): Statement[] {
  tokens.expectEnd();
  const { body } = parseBody(tokens, [end]);
  tokens.expectEnd();
  return body;
}

const tags: Readonly<Record<string, (tokens: TokenStream) => Statement | Statement[]>> = {
  if(tokens) {
    const branches: { test?: Expression; body: Statement[] }[] = [];
    for (let end = "elif"; end !== "endif";) {
      const test = end === "elif" ? parseTuple(tokens, false) : undefined;
      tokens.expectEnd();
      const read = parseBody(tokens, test ? ["elif", "else", "endif"] : ["endif"]);
      branches.push({ test, body: read.body });
      end = read.end;
    }
    tokens.expectEnd();
    return { kind: "if", branches };
  },
  for(tokens) {
    const target = parseTarget(tokens, ["in"]);
    if (!tokens.skipName("in")) throw tokens.unexpected("'in'");
    const iterable = parseTuple(tokens, false, ["recursive", "if"]);
    const test = tokens.skipName("if") ? parseExpression(tokens) : undefined;
    const recursive = tokens.skipName("recursive");
    tokens.expectEnd();
    const { body, end } = parseBody(tokens, ["endfor", "else"]);
    const otherwise = end === "else" ? block(tokens, "endfor") : [];
    if (end === "endfor") tokens.expectEnd();
    return { kind: "for", target, iterable, test, recursive, body, otherwise };
  },
  set(tokens) {
    const target = parseTarget(tokens, [], true);
    if (tokens.skipOperator("=")) {
      const value = parseTuple(tokens);
      tokens.expectEnd();
      return { kind: "set", target, value };
    }
    const filters = parsePipes(tokens);
    return { kind: "capture", target, filters, body: block(tokens, "endset") };
  },
  with(tokens) {
    const bindings: { target: Target; value: Expression }[] = [];
    while (!tokens.atEnd()) {
      if (bindings.length > 0) tokens.expectOperator(",");
      const target = parseTarget(tokens, []);
      tokens.expectOperator("=");
      bindings.push({ target, value: parseExpression(tokens) });
    }
    return { kind: "with", bindings, body: block(tokens, "endwith") };
  },
  macro(tokens) {
    const name = tokens.expectName();
    const parameters = parseParameters(tokens);
    return { kind: "macro", routine: { name, parameters, body: block(tokens, "endmacro") } };
  },
  call(tokens) {
    const parameters = tokens.isOperator("(") ? parseParameters(tokens) : [];
    const call = parseExpression(tokens);
    if (call.kind !== "call") throw new TemplateError("expected call");
    const routine: Routine = { name: "caller", parameters, body: block(tokens, "endcall") };
    return { kind: "call", call, routine };
  },
  filter(tokens) {
    const filters = [parsePiped(tokens), ...parsePipes(tokens)];
    return { kind: "filterBlock", filters, body: block(tokens, "endfilter") };
  },
  generation: (tokens) => ({ kind: "scope", body: block(tokens, "endgeneration") }),
  print(tokens) {
    const values: Statement[] = [];
    while (!tokens.atEnd()) {
      if (values.length > 0) tokens.expectOperator(",");
      values.push({ kind: "print", value: parseExpression(tokens) });
    }
    tokens.expectEnd();
    return values;
  },
  break(tokens) {
    tokens.expectEnd();
    return { kind: "break" };
  },
  continue(tokens) {
    tokens.expectEnd();
    return { kind: "continue" };
  },
};

function parsePipes(tokens: TokenStream): Piped[] {
  const filters: Piped[] = [];
  while (tokens.skipOperator("|")) filters.push(parsePiped(tokens));
  return filters;
}

function parseParameters(tokens: TokenStream): Parameter[] {
  tokens.expectOperator("(");
  return listed(tokens, ")", (): Parameter => {
    const name = tokens.expectName();
    return { name, fallback: tokens.skipOperator("=") ? parseExpression(tokens) : undefined };
  });
}

/** What is assigned to: a name, several, or with `fields` one of a namespace. @param ends names that end it */
function parseTarget(tokens: TokenStream, ends: readonly string[], fields = false): Target {
  const items: Target[] = [];
  let isTuple = false;
  do {
    if (items.length > 0) isTuple = true;
    if (tokens.atEnd() || tokens.isOperator("=", ")") || tokens.isName(...ends)) break;
    items.push(parseOneTarget(tokens, fields));
  } while (tokens.skipOperator(","));
  if (items.length === 0) throw tokens.unexpected("a name");
  return isTuple ? { kind: "tuple", items } : items[0]!;
}

function parseOneTarget(tokens: TokenStream, fields: boolean): Target {
  if (tokens.skipOperator("(")) {
    const target = tokens.nested(() => parseTarget(tokens, [], fields));
    tokens.expectOperator(")");
    return target;
  }
  const name = tokens.expectName();
  if (/^(true|false|none)$/i.test(name)) throw new TemplateError(`can't assign to '${name}'`);
  if (!fields || !tokens.skipOperator(".")) return { kind: "name", name };
  return { kind: "field", object: name, name: tokens.expectName() };
}
