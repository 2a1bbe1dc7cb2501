/** Jinja's tests: `value is …`. */
import { compares } from "./operator";
import { toText } from "./print";
import {
  Callable,
  Dict,
  equal,
  Float,
  isList,
  Lazy,
  lengthOf,
  Namespace,
  None,
  numberOf,
  TemplateError,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from "./value";

type Test = (value: Value, argument: () => Value) => boolean;

const whole = (value: Value): number => {
  const number = numberOf(value);
  if (number !== undefined) return number;
  if (value instanceof Undefined) value.fail();
  throw new TemplateError(`unsupported operand type(s) for %: '${typeName(value)}' and 'int'`);
};
const modulo = (value: Value, by: number): number => whole(value) - by * Math.floor(whole(value) / by);
const compared =
  (operator: string): Test =>
  (value, argument) =>
    compares(operator, value, argument());
const [eq, ne, lt, le, gt, ge] = ["==", "!=", "<", "<=", ">", ">="].map(compared) as [
  Test,
  Test,
  Test,
  Test,
  Test,
  Test,
];
const isText = (value: Value): value is string => typeof value === "string";
const cased = (text: string): boolean => /\p{Lu}|\p{Ll}|\p{Lt}/u.test(text);
const iterable = (value: Value): boolean =>
  isText(value) || isList(value) || [Tuple, Dict, Lazy, Undefined].some((kind) => value instanceof kind);

const tests: Readonly<Record<string, Test>> = {
  odd: (value) => modulo(value, 2) === 1,
  even: (value) => modulo(value, 2) === 0,
  divisibleby: (value, argument) => modulo(value, whole(argument())) === 0,
  defined: (value) => !(value instanceof Undefined),
  undefined: (value) => value instanceof Undefined,
  none: (value) => value === None,
  boolean: (value) => typeof value === "boolean",
  true: (value) => value === true,
  false: (value) => value === false,
  integer: (value) => typeof value === "number",
  float: (value) => value instanceof Float,
  number: (value) => numberOf(value) !== undefined,
  string: isText,
  lower: (value) => cased(toText(value)) && toText(value) === toText(value).toLowerCase(),
  upper: (value) => cased(toText(value)) && toText(value) === toText(value).toUpperCase(),
  mapping: (value) => value instanceof Dict,
  sequence(value) {
    if (value instanceof Lazy || value instanceof Namespace) return false;
    try {
      return lengthOf(value) >= 0;
    } catch {
      return false;
    }
  },
  iterable,
  callable: (value) => value instanceof Callable || value instanceof Undefined,
  sameas: (value, argument) => same(value, argument()),
  in: (value, argument) => compares("in", value, argument()),
  eq,
  equalto: eq,
  "==": eq,
  ne,
  "!=": ne,
  lt,
  lessthan: lt,
  "<": lt,
  le,
  "<=": le,
  gt,
  greaterthan: gt,
  ">": gt,
  ge,
  ">=": ge,
};

/** Python's `is`, of values that are what they are (None, True, small numbers, texts). */
function same(a: Value, b: Value): boolean {
  return typeName(a) === typeName(b) && (typeof a === "object" ? a === b : equal(a, b));
}

export const hasTest = (name: string): boolean => Object.hasOwn(tests, name);

/** @throws TemplateError for a test that is not known, or lacks its argument */
export function testValue(name: string, value: Value, args: readonly Value[]): boolean {
  const test = Object.hasOwn(tests, name) ? tests[name] : undefined;
  if (!test) throw new TemplateError(`No test named '${name}'.`);
  if (args.length >= test.length) throw new TemplateError(`test '${name}' takes ${test.length - 1} arguments`);
  return test(value, () => {
    if (args[0] === undefined) throw new TemplateError(`test '${name}' takes an argument`);
    return args[0];
  });
}
