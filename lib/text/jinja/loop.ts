/** `{% for %}`: each turn in a scope of its own, with what `loop` tells about it. */
import type { Budget } from "./budget";
import type { Evaluator } from "./evaluate";
import { Given } from "./given";
import type { Statement, Target } from "./node";
import { Scope } from "./scope";
import { Callable, equal, itemsOf, TemplateError, Tuple, Undefined, type Value } from "./value";

/** How a body ended before its end. */
export type Jump = "break" | "continue" | undefined;

/** What a loop needs of the run it is part of. */
export interface Runner {
  budget: Budget;
  evaluator: Evaluator;
  execute(body: readonly Statement[], scope: Scope, out: string[]): Jump;
  assign(target: Target, value: Value, scope: Scope): void;
}

/** What `loop` has costs as much as some expressions. */
const turnSteps = 20;

type Loop = Statement & { kind: "for" };

/** @returns undefined, or how the `else` part of a loop without turns ended */
export function runLoop(runner: Runner, node: Loop, outer: Scope, out: string[]): Jump {
  return turns(runner, node, runner.evaluator.value(node.iterable, outer), outer, out, 1);
}

function turns(runner: Runner, node: Loop, iterable: Value, outer: Scope, out: string[], depth: number): Jump {
  const scopeOf = (item: Value): Scope => {
    const scope = new Scope(outer);
    runner.assign(node.target, item, scope);
    return scope;
  };
  const all = itemsOf(iterable);
  runner.budget.spend(all.length);
  const items = node.test ? all.filter((item) => runner.evaluator.truth(node.test!, scopeOf(item))) : all;
  let before: readonly Value[] | undefined; // what `loop.changed` was last told
  const changed = new Callable("changed", ({ args }) => {
    const same = before?.length === args.length && args.every((arg, i) => equal(arg, before![i]!));
    before = args;
    return !same;
  });
  const recurse = (given: ConstructorParameters<typeof Given>[1]): Value => {
    if (!node.recursive) throw new TemplateError("The loop must have the 'recursive' marker to be called recursively.");
    const inner: string[] = [];
    turns(runner, node, new Given("loop", given, ["iterable"]).required("iterable"), outer, inner, depth + 1);
    return inner.join("");
  };
  let ended = false; // a turn came to its end: what jinja2 asks before it runs `else`
  for (const [i, item] of items.entries()) {
    runner.budget.spend(turnSteps);
    const scope = scopeOf(item);
    const fields = new Map<string, Value>([
      ["index", i + 1],
      ["index0", i],
      ["revindex", items.length - i],
      ["revindex0", items.length - i - 1],
      ["first", i === 0],
      ["last", i === items.length - 1],
      ["length", items.length],
      ["depth", depth],
      ["depth0", depth - 1],
      ["previtem", items[i - 1] ?? new Undefined("there is no previous item")],
      ["nextitem", items[i + 1] ?? new Undefined("there is no next item")],
      ["changed", changed],
      ["cycle", new Callable("cycle", ({ args }) => args[i % args.length] ?? new Tuple([]))],
    ]);
    scope.set("loop", new Callable("loop", recurse, fields));
    const jump = runner.execute(node.body, scope, out);
    if (jump === "break") break;
    ended ||= jump === undefined;
  }
  return ended ? undefined : runner.execute(node.otherwise, new Scope(outer), out);
}
