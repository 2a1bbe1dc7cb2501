/** What expressions come to. */
import type { Budget } from "./budget";
import { applyFilter, hasFilter } from "./filter";
import { methodOf } from "./method";
import type { Argument, Expression } from "./node";
import { binary, compares, negative, slice } from "./operator";
import { toText } from "./print";
import type { Scope } from "./scope";
import type { Call } from "./sequenceFilter";
import { hasTest, testValue } from "./test";
import {
  type Arguments,
  Callable,
  Dict,
  isList,
  itemsOf,
  Lazy,
  None,
  Namespace,
  TemplateError,
  truth,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from "./value";

export class Evaluator {
  private readonly call: Call;

  constructor(private readonly budget: Budget) {
    this.call = {
      attribute: byPath,
      filter: (name, value, given) => this.filtered(name, value, given),
      test: (name, value, args) => this.tested(name, value, args),
    };
  }

  value(node: Expression, scope: Scope): Value {
    this.budget.spend(1);
    switch (node.kind) {
      case "constant":
        return node.value;
      case "name":
        return scope.get(node.name);
      case "list":
        return this.budget.made(this.values(node.items, scope));
      case "tuple":
        return new Tuple(this.values(node.items, scope));
      case "dict":
        return new Dict(node.entries.map(([key, held]) => [this.value(key, scope), this.value(held, scope)] as const));
      case "concat":
        return this.budget.made(this.values(node.items, scope).map(toText).join(""));
      case "and":
      case "or": {
        const left = this.value(node.left, scope);
        return truth(left) === (node.kind === "and") ? this.value(node.right, scope) : left;
      }
      case "not":
        return !this.truth(node.operand, scope);
      case "unary":
        return negative(node.operator, this.value(node.operand, scope));
      case "binary":
        return this.budget.made(binary(node.operator, this.value(node.left, scope), this.value(node.right, scope)));
      case "compare":
        return this.compared(node, scope);
      case "conditional":
        if (this.truth(node.test, scope)) return this.value(node.then, scope);
        return node.otherwise
          ? this.value(node.otherwise, scope)
          : new Undefined("the inline if-expression evaluated to false and no else section was defined.");
      case "attribute":
        return attributeOf(this.used(node.object, scope), node.name);
      case "item":
        return itemOf(this.used(node.object, scope), this.value(node.key, scope));
      case "slice": {
        const [start, stop, step] = [node.start, node.stop, node.step].map((part) =>
          part ? this.value(part, scope) : None,
        );
        return this.budget.made(slice(this.value(node.object, scope), start!, stop!, step!));
      }
      case "call":
        return this.called(this.value(node.callee, scope), this.given(node.args, scope));
      case "filter":
        return this.filtered(node.name, this.value(node.operand, scope), this.given(node.args, scope));
      case "test":
        return this.tested(node.name, this.value(node.operand, scope), this.given(node.args, scope).args);
    }
  }

  truth(node: Expression, scope: Scope): boolean {
    return truth(this.value(node, scope));
  }

  /** The value of what a method, an item or an operator goes through. */
  private used(node: Expression, scope: Scope): Value {
    const value = this.value(node, scope);
    if (typeof value === "string") this.budget.used(value);
    return value;
  }

  filtered(name: string, value: Value, given: Arguments): Value {
    this.budget.used(value);
    return this.budget.made(applyFilter(name, value, given, this.call));
  }

  given(args: readonly Argument[], scope: Scope): Arguments {
    const positional: Value[] = [];
    const kwargs = new Map<string, Value>();
    for (const { kind, name, value: node } of args) {
      const value = this.value(node, scope);
      if (kind === "positional") positional.push(value);
      else if (kind === "keyword") kwargs.set(name, value);
      else if (kind === "list") positional.push(...itemsOf(value).slice(0, 1000));
      else if (value instanceof Dict) for (const [key, held] of value.items()) kwargs.set(toText(key), held);
      else throw new TemplateError("argument after ** must be a mapping");
    }
    return { args: positional, kwargs };
  }

  called(callee: Value, given: Arguments): Value {
    if (callee instanceof Callable) return this.budget.called(() => this.budget.made(callee.call(given)));
    if (callee instanceof Undefined) callee.fail();
    throw new TemplateError(`'${typeName(callee)}' object is not callable`);
  }

  private values(nodes: readonly Expression[], scope: Scope): Value[] {
    return nodes.map((node) => this.value(node, scope));
  }

  private compared({ first, rest }: Expression & { kind: "compare" }, scope: Scope): boolean {
    let left = this.value(first, scope);
    for (const { operator, operand } of rest) {
      const right = this.used(operand, scope);
      if (!compares(operator, left, right)) return false;
      left = right;
    }
    return true;
  }

  private tested(name: string, value: Value, args: readonly Value[]): boolean {
    if (name === "test") return hasTest(toText(value));
    if (name === "filter") return hasFilter(toText(value), this.call);
    this.budget.used(value);
    return testValue(name, value, args);
  }
}

/** `value.name`: an attribute or method, then an item. */
export function attributeOf(value: Value, name: string): Value {
  if (value instanceof Undefined) value.fail();
  if (value instanceof Namespace) return value.fields.get(name) ?? missing(value, name);
  if (value instanceof Callable) return value.fields.get(name) ?? missing(value, name);
  if (value instanceof Tuple && value.fields.includes(name)) return value.items[value.fields.indexOf(name)]!;
  return (
    methodOf(value, name, lookedUp) ??
    (value instanceof Dict && value.has(name) ? value.get(name) : missing(value, name))
  );
}

/** `value[key]`: an item, then an attribute. */
export function itemOf(value: Value, key: Value): Value {
  if (value instanceof Undefined) value.fail();
  if (value instanceof Dict && !isList(key) && !(key instanceof Dict) && value.has(key)) return value.get(key);
  const items =
    typeof value === "string" ? [...value] : isList(value) ? value : value instanceof Tuple ? value.items : undefined;
  if (items && (typeof key === "number" || typeof key === "boolean"))
    return items.at(Number(key)) ?? new Undefined(`'${typeName(value)} object' has no element ${Number(key)}`);
  if (typeof key === "string" && !(value instanceof Dict && value.has(key))) return attributeOf(value, key);
  return missing(value, key);
}

const lookedUp = (value: Value, name: string, item: boolean): Value => {
  const key = /^\d+$/.test(name) ? Number(name) : name;
  const found = item ? itemOf(value, key) : attributeOf(value, name);
  return found instanceof Undefined ? found.fail() : found;
};

function missing(value: Value, name: Value): Undefined {
  if (value instanceof Lazy || value instanceof Namespace)
    return new Undefined(`object has no attribute '${toText(name)}'`);
  return new Undefined(
    `'${typeName(value)} object' has no attribute '${typeof name === "string" ? name : "of that kind"}'`,
  );
}

/** "a.b.0", as the filters that take an attribute read it. @param fallback for a part that is not there */
function byPath(value: Value, path: Value, fallback?: Value): Value {
  const parts =
    typeof path === "string" ? path.split(".").map((part) => (/^\d+$/.test(part) ? Number(part) : part)) : [path];
  return parts.reduce<Value>((of, part) => {
    const found = itemOf(of, part);
    return found instanceof Undefined ? (fallback ?? found) : found;
  }, value);
}
