/**
 * @huggingface/jinja with three things done as Python's Jinja does them, which published templates rest on:
 * `'' != false` is true (values of different kinds are not equal), `strip('\n')` strips what it is told, and
 * `selectattr('x', 'undefined')` finds the objects without x. Known to transformers' goldens in test/golden/chat.
 */
import { Environment, Interpreter, parse, tokenize } from "@huggingface/jinja";

type Evaluate = typeof Interpreter.prototype.evaluate;
type Value = ReturnType<Evaluate>;
type Node = NonNullable<Parameters<Evaluate>[0]>;
/** The parts of the syntax tree that are looked at. */
type Parts = Node & {
  operator?: { value: string };
  left?: Node;
  right?: Node;
  callee?: Node & { object?: Node; property?: { value: string }; computed?: boolean };
  args?: (Node & { value?: unknown })[];
  operand?: Node;
  filter?: Parts & { callee?: { value?: string } };
};

const library = Interpreter.prototype as {
  evaluate: (this: Interpreter, ...parameters: Parameters<Evaluate>) => Value;
};
const { evaluate } = library;
library.evaluate = function (node, scope) {
  return (node && asPython(node as Parts, (part) => this.evaluate(part, scope))) ?? evaluate.call(this, node, scope);
};

/** The value of a node that the library would get wrong. */
function asPython(
  { type, operator, left, right, callee, args, operand, filter }: Parts,
  valueOf: (node: Node) => Value,
): Value | undefined {
  const operation = operator?.value;
  if (type === "BinaryExpression" && (operation === "==" || operation === "!="))
    return wrap(equal(valueOf(left!), valueOf(right!)) === (operation === "=="));
  const method = callee?.computed === false ? callee.property?.value : undefined;
  if (type === "CallExpression" && args!.length === 1 && /^[lr]?strip$/.test(method ?? "")) {
    const [text, characters] = [valueOf(callee!.object!), valueOf(args![0]!)];
    if (text.type === "StringValue" && characters.type === "StringValue")
      return wrap(stripped(text.value as string, [...(characters.value as string)], method!));
  }
  const selecting =
    type === "FilterExpression" && filter!.type === "CallExpression" ? filter!.callee!.value : undefined;
  const wanted = filter?.args?.[1]?.value;
  if ((selecting === "selectattr" || selecting === "rejectattr") && (wanted === "undefined" || wanted === "defined")) {
    const list = valueOf(operand!);
    const name = valueOf(filter!.args![0]!).value as string;
    const has = (item: Value) => item.value instanceof Map && item.value.has(name);
    const items = (list.value as Value[]).filter(
      (item) => (has(item) === (wanted === "defined")) === (selecting === "selectattr"),
    );
    return Reflect.construct(list.constructor, [items]) as Value;
  }
  return undefined;
}

/**
 * Python's ==: numbers and truth values by number, lists and dictionaries by content, other kinds never with each
 * other.
 */
function equal(a: Value, b: Value): boolean {
  const numeric = ({ type }: Value) => type === "IntegerValue" || type === "FloatValue" || type === "BooleanValue";
  if (numeric(a) && numeric(b)) return Number(a.value) === Number(b.value);
  if (a.type !== b.type) return false;
  if (Array.isArray(a.value))
    return (
      a.value.length === (b.value as Value[]).length &&
      a.value.every((item: Value, i) => equal(item, (b.value as Value[])[i]!))
    );
  if (!(a.value instanceof Map)) return a.value === b.value;
  const other = b.value as Map<string, Value>;
  return (
    a.value.size === other.size && [...a.value].every(([key, item]) => other.has(key) && equal(item, other.get(key)!))
  );
}

function stripped(text: string, characters: readonly string[], method: string): string {
  const points = [...text];
  let start = 0;
  let end = points.length;
  if (method !== "rstrip") while (start < end && characters.includes(points[start]!)) start++;
  if (method !== "lstrip") while (end > start && characters.includes(points[end - 1]!)) end--;
  return points.slice(start, end).join("");
}

/** A JavaScript value as the library's own. */
function wrap(value: boolean | string): Value {
  return new Environment().set("value", value);
}

/** Python's range, as a list. */
function range(from: number, to?: number, step = 1): number[] {
  const [start, stop] = to === undefined ? [0, from] : [from, to];
  const length = Math.max(0, Math.ceil((stop - start) / step));
  if (!(length <= 1e5)) throw new Error(`range() of ${length} numbers, more than a chat has use for`);
  return Array.from({ length }, (_, i) => start + i * step);
}

const constants = {
  range,
  true: true,
  false: false,
  none: null,
  True: true,
  False: false,
  None: null,
  raise_exception(message: string): never {
    throw new Error(message);
  },
};

/** A template as transformers configures Jinja: blocks take the white space before and the line break behind them. */
export class Template {
  private readonly program: ReturnType<typeof parse>;

  /** @throws Error for a text that is not a template */
  constructor(source: string) {
    this.program = parse(tokenize(source, { lstrip_blocks: true, trim_blocks: true }));
  }

  /** @throws Error for what a template cannot do, or refuses */
  render(variables: Readonly<Record<string, unknown>>): string {
    const environment = new Environment();
    for (const [name, value] of Object.entries({ ...constants, ...variables })) environment.set(name, value);
    return new Interpreter(environment).run(this.program).value as string;
  }
}
