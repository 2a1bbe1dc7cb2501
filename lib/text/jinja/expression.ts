/** Parses expressions, with Jinja's precedence (which for signs, powers and filters is not Python's). */
import type { Argument, Expression, Piped } from "./node";
import type { TokenStream } from "./tokenStream";
import { Float, None, TemplateError, type Value } from "./value";

const constants: Readonly<Record<string, Value>> = {
  true: true,
  True: true,
  false: false,
  False: false,
  none: None,
  None: None,
};
const comparisons = ["==", "!=", "<", "<=", ">", ">="];

/** @param conditional whether `a if b else c` may stand here */
export function parseExpression(tokens: TokenStream, conditional = true): Expression {
  return tokens.nested(() => {
    let value = parseOr(tokens);
    while (conditional && tokens.skipName("if")) {
      const test = parseOr(tokens);
      const otherwise = tokens.skipName("else") ? parseExpression(tokens) : undefined;
      value = { kind: "conditional", test, then: value, otherwise };
    }
    return value;
  });
}

/** One expression, or a tuple of several without parentheses. @param ends names that end it */
export function parseTuple(tokens: TokenStream, conditional = true, ends: readonly string[] = []): Expression {
  const items: Expression[] = [];
  let isTuple = false;
  while (!tokens.atEnd() && !tokens.isOperator(")") && !tokens.isName(...ends)) {
    items.push(parseExpression(tokens, conditional));
    if (!tokens.skipOperator(",")) break;
    isTuple = true;
  }
  if (items.length === 0) throw tokens.unexpected("an expression");
  return isTuple ? { kind: "tuple", items } : items[0]!;
}

function parseOr(tokens: TokenStream): Expression {
  let left = parseAnd(tokens);
  while (tokens.skipName("or")) left = { kind: "or", left, right: parseAnd(tokens) };
  return left;
}

function parseAnd(tokens: TokenStream): Expression {
  let left = parseNot(tokens);
  while (tokens.skipName("and")) left = { kind: "and", left, right: parseNot(tokens) };
  return left;
}

function parseNot(tokens: TokenStream): Expression {
  if (!tokens.skipName("not")) return parseCompare(tokens);
  return tokens.nested(() => ({ kind: "not", operand: parseNot(tokens) }));
}

function parseCompare(tokens: TokenStream): Expression {
  const first = parseSum(tokens);
  const rest: { operator: string; operand: Expression }[] = [];
  for (;;) {
    const operator = tokens.skipOperator(...comparisons) ?? membership(tokens);
    if (operator === undefined) return rest.length > 0 ? { kind: "compare", first, rest } : first;
    rest.push({ operator, operand: parseSum(tokens) });
  }
}

function membership(tokens: TokenStream): string | undefined {
  if (tokens.skipName("in")) return "in";
  return tokens.skipNames("not", "in") ? "not in" : undefined;
}

function parseSum(tokens: TokenStream): Expression {
  return leftToRight(tokens, ["+", "-"], parseConcat);
}

function parseConcat(tokens: TokenStream): Expression {
  const items = [parseProduct(tokens)];
  while (tokens.skipOperator("~")) items.push(parseProduct(tokens));
  return items.length > 1 ? { kind: "concat", items } : items[0]!;
}

function parseProduct(tokens: TokenStream): Expression {
  return leftToRight(tokens, ["*", "/", "//", "%"], parsePower);
}

function parsePower(tokens: TokenStream): Expression {
  return leftToRight(tokens, ["**"], (inner) => parseUnary(inner));
}

function leftToRight(
  tokens: TokenStream,
  operators: readonly string[],
  operand: (tokens: TokenStream) => Expression,
): Expression {
  let left = operand(tokens);
  for (let operator; (operator = tokens.skipOperator(...operators)) !== undefined;)
    left = { kind: "binary", operator, left, right: operand(tokens) };
  return left;
}

function parseUnary(tokens: TokenStream, filtered = true): Expression {
  const operator = tokens.skipOperator("-", "+");
  let value: Expression =
    operator === undefined
      ? parsePrimary(tokens)
      : tokens.nested(() => ({ kind: "unary", operator, operand: parseUnary(tokens, false) }));
  value = parsePostfix(tokens, value);
  return filtered ? parseFiltered(tokens, value) : value;
}

function parsePrimary(tokens: TokenStream): Expression {
  const { kind, text } = tokens.next();
  if (kind === "name") {
    const constant = Object.hasOwn(constants, text) ? constants[text] : undefined;
    return constant === undefined ? { kind: "name", name: text } : { kind: "constant", value: constant };
  }
  if (kind === "integer") return { kind: "constant", value: Number(text) };
  if (kind === "float") return { kind: "constant", value: new Float(Number(text)) };
  if (kind === "string") {
    let value = text;
    while (tokens.is("string")) value += tokens.next().text;
    return { kind: "constant", value };
  }
  if (kind === "operator" && text === "(") {
    const value: Expression = tokens.isOperator(")") ? { kind: "tuple", items: [] } : parseTuple(tokens);
    tokens.expectOperator(")");
    return value;
  }
  if (kind === "operator" && text === "[")
    return { kind: "list", items: listed(tokens, "]", () => parseExpression(tokens)) };
  if (kind === "operator" && text === "{") {
    const entries = listed(tokens, "}", (): [Expression, Expression] => {
      const key = parseExpression(tokens);
      tokens.expectOperator(":");
      return [key, parseExpression(tokens)];
    });
    return { kind: "dict", entries };
  }
  throw new TemplateError(`unexpected ${text ? `'${text}'` : "end of a tag"}`);
}

/** What stands between commas, up to a bracket that closes. */
export function listed<T>(tokens: TokenStream, close: string, parse: () => T): T[] {
  const items: T[] = [];
  while (!tokens.skipOperator(close)) {
    if (items.length > 0) tokens.expectOperator(",");
    if (items.length > 0 && tokens.skipOperator(close)) break;
    items.push(parse());
  }
  return items;
}

function parsePostfix(tokens: TokenStream, value: Expression): Expression {
  for (;;) {
    if (tokens.skipOperator(".")) value = attribute(tokens, value);
    else if (tokens.skipOperator("[")) value = subscript(tokens, value);
    else if (tokens.isOperator("(")) value = { kind: "call", callee: value, args: parseArguments(tokens) };
    else return value;
  }
}

function attribute(tokens: TokenStream, object: Expression): Expression {
  const { kind, text } = tokens.next();
  if (kind === "name") return { kind: "attribute", object, name: text };
  if (kind === "integer") return { kind: "item", object, key: { kind: "constant", value: Number(text) } };
  throw new TemplateError("expected name or number");
}

function subscript(tokens: TokenStream, object: Expression): Expression {
  const part = () => (tokens.isOperator(":", "]", ",") ? undefined : parseExpression(tokens));
  const start = part();
  if (!tokens.skipOperator(":")) {
    const keys = start ? [start] : [];
    while (start && tokens.skipOperator(",")) keys.push(parseExpression(tokens));
    tokens.expectOperator("]");
    return { kind: "item", object, key: keys.length === 1 ? keys[0]! : { kind: "tuple", items: keys } };
  }
  const stop = part();
  const step = tokens.skipOperator(":") ? part() : undefined;
  tokens.expectOperator("]");
  return { kind: "slice", object, start, stop, step };
}

export function parseArguments(tokens: TokenStream): Argument[] {
  tokens.expectOperator("(");
  return listed(tokens, ")", (): Argument => {
    if (tokens.skipOperator("*")) return { kind: "list", name: "", value: parseExpression(tokens) };
    if (tokens.skipOperator("**")) return { kind: "dict", name: "", value: parseExpression(tokens) };
    if (tokens.is("name") && tokens.isOperatorAfter("=")) {
      const name = tokens.next().text;
      tokens.expectOperator("=");
      return { kind: "keyword", name, value: parseExpression(tokens) };
    }
    return { kind: "positional", name: "", value: parseExpression(tokens) };
  });
}

function parseFiltered(tokens: TokenStream, value: Expression): Expression {
  for (;;) {
    if (tokens.skipOperator("|")) value = { kind: "filter", operand: value, ...parsePiped(tokens) };
    else if (tokens.skipName("is")) value = parseTest(tokens, value);
    else if (tokens.isOperator("(")) value = { kind: "call", callee: value, args: parseArguments(tokens) };
    else return value;
  }
}

/** A filter behind its `|`. */
export function parsePiped(tokens: TokenStream): Piped {
  const name = dotted(tokens);
  return { name, args: tokens.isOperator("(") ? parseArguments(tokens) : [] };
}

function dotted(tokens: TokenStream): string {
  let name = tokens.expectName();
  while (tokens.skipOperator(".")) name += `.${tokens.expectName()}`;
  return name;
}

function parseTest(tokens: TokenStream, operand: Expression): Expression {
  const negated = tokens.skipName("not");
  const name = dotted(tokens);
  let args: Argument[] = [];
  if (tokens.isOperator("(")) args = parseArguments(tokens);
  else if (tokens.startsOperand()) {
    if (tokens.isName("is")) throw new TemplateError("You cannot chain multiple tests with is");
    args = [{ kind: "positional", name: "", value: parsePostfix(tokens, parsePrimary(tokens)) }];
  }
  const test: Expression = { kind: "test", operand, name, args };
  return negated ? { kind: "not", operand: test } : test;
}
