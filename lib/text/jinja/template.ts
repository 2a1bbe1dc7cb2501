/**
 * Chat templates in Jinja, rendered as Python's jinja2 does with the settings of transformers: trim_blocks,
 * lstrip_blocks, loop controls, `generation` blocks, json.dumps as tojson, nothing that changes a value. Checked against
 * jinja2 itself (test/golden/jinja). Steps and sizes are bounded: templates are strangers' programs.
 *
 * Own code, because the packages there are render other texts than Python without a word: @huggingface/jinja 0.5 lets
 * what a loop sets live on in its next turn and prints JSON for lists; nunjucks and minijinja have other printing and
 * no `generation`.
 */
import { Budget } from "./budget";
import { Evaluator } from "./evaluate";
import { Given } from "./given";
import { runLoop } from "./loop";
import type { Piped, Routine, Statement, Target } from "./node";
import { toText } from "./print";
import { Scope } from "./scope";
import { parseTemplate } from "./statement";
import { type Arguments, Callable, Dict, Fields, fromJson, itemsOf, Namespace, TemplateError, type Value } from "./value"; // prettier-ignore

/** How a body ended before its end. */
export type Jump = "break" | "continue" | undefined;

export class Template {
  private readonly body: readonly Statement[];

  /** @throws TemplateError for a text that is not a template */
  constructor(source: string) {
    this.body = parseTemplate(source);
  }

  /**
   * @param variables JSON's values, and functions of one text
   * @throws TemplateError for what a template cannot do, or refuses
   */
  render(variables: Readonly<Record<string, unknown>>): string {
    const run = new Run();
    const scope = new Scope(run.globals());
    for (const [name, value] of Object.entries(variables))
      scope.set(name, typeof value === "function" ? ofOneText(name, value as (text: string) => string) : fromJson(value));
    return run.text(this.body, scope);
  }
}

const ofOneText = (name: string, call: (text: string) => string): Callable =>
  new Callable(name, (given) => call(new Given(name, given, ["text"]).text("text")));

/** One rendering. */
export class Run {
  readonly budget = new Budget();
  readonly evaluator = new Evaluator(this.budget);

  /** What a body writes. */
  text(body: readonly Statement[], scope: Scope): string {
    const out: string[] = [];
    this.execute(body, scope, out);
    return this.budget.made(out.join(""));
  }

  execute(body: readonly Statement[], scope: Scope, out: string[]): Jump {
    for (const statement of body) {
      this.budget.spend(1);
      const jump = this.statement(statement, scope, out);
      if (jump) return jump;
    }
    return undefined;
  }

  private statement(node: Statement, scope: Scope, out: string[]): Jump {
    switch (node.kind) {
      case "text":
        out.push(node.text);
        return undefined;
      case "print":
        out.push(this.budget.made(toText(this.evaluator.value(node.value, scope))));
        return undefined;
      case "if": {
        const branch = node.branches.find(({ test }) => !test || this.evaluator.truth(test, scope));
        return branch && this.execute(branch.body, scope, out);
      }
      case "for":
        runLoop(this, node, scope, out);
        return undefined;
      case "set":
        this.assign(node.target, this.evaluator.value(node.value, scope), scope);
        return undefined;
      case "capture":
        this.assign(node.target, this.piped(this.text(node.body, new Scope(scope)), node.filters, scope), scope);
        return undefined;
      case "with": {
        const inner = new Scope(scope);
        for (const { target, value } of node.bindings) this.assign(target, this.evaluator.value(value, scope), inner);
        return this.execute(node.body, inner, out);
      }
      case "macro":
        scope.set(node.routine.name, this.callable(node.routine, scope));
        return undefined;
      case "call": {
        const { callee, args } = node.call;
        const given = this.evaluator.given(args, scope);
        const kwargs = new Map([...given.kwargs, ["caller", this.callable(node.routine, scope)] as const]);
        out.push(toText(this.evaluator.called(this.evaluator.value(callee, scope), { ...given, kwargs })));
        return undefined;
      }
      case "filterBlock":
        out.push(toText(this.piped(this.text(node.body, new Scope(scope)), node.filters, scope)));
        return undefined;
      case "scope":
        out.push(this.text(node.body, new Scope(scope)));
        return undefined;
      default:
        return node.kind;
    }
  }

  assign(target: Target, value: Value, scope: Scope): void {
    if (target.kind === "name") return scope.set(target.name, value);
    if (target.kind === "field") {
      const object = scope.get(target.object);
      if (!(object instanceof Namespace)) throw new TemplateError("cannot assign attribute on non-namespace object");
      object.fields.set(target.name, value);
      return;
    }
    const items = itemsOf(value);
    if (items.length !== target.items.length)
      throw new TemplateError(
        items.length > target.items.length
          ? `too many values to unpack (expected ${target.items.length})`
          : `not enough values to unpack (expected ${target.items.length}, got ${items.length})`,
      );
    target.items.forEach((part, i) => this.assign(part, items[i]!, scope));
  }

  private piped(text: string, filters: readonly Piped[], scope: Scope): Value {
    return filters.reduce<Value>(
      (value, { name, args }) => this.evaluator.filtered(name, value, this.evaluator.given(args, scope)),
      text,
    );
  }

  /** A macro, or the body of a call block: what it does not set itself it sees where it was written. */
  private callable({ name, parameters, body }: Routine, outer: Scope): Callable {
    const names = parameters.map((parameter) => parameter.name);
    return new Callable(
      name,
      ({ args, kwargs }) => {
        const scope = new Scope(outer);
        const rest = new Map([...kwargs].filter(([key]) => !names.includes(key) && key !== "caller"));
        const uses = (what: string) => mentions(body, what);
        if (args.length > names.length && !uses("varargs"))
          throw new TemplateError(`macro '${name}' takes not more than ${names.length} argument(s)`);
        if (rest.size > 0 && !uses("kwargs"))
          throw new TemplateError(`macro '${name}' takes no keyword argument '${[...rest.keys()][0]}'`);
        if (kwargs.has("caller")) scope.set("caller", kwargs.get("caller")!);
        scope.set("varargs", args.slice(names.length));
        scope.set("kwargs", new Dict(rest));
        parameters.forEach(({ name: parameter, fallback }, i) => {
          const value = args[i] ?? kwargs.get(parameter);
          if (value !== undefined) scope.set(parameter, value);
          else if (fallback) scope.set(parameter, this.evaluator.value(fallback, scope));
          else scope.set(parameter, new Undefinedness(parameter).value);
        });
        return this.text(body, scope);
      },
      new Map<string, Value>([
        ["name", name],
        ["arguments", names],
      ]),
    );
  }

  globals(): Scope {
    const scope = new Scope();
    const define = (name: string, call: (given: Arguments) => Value) => scope.set(name, new Callable(name, call));
    define("namespace", ({ args, kwargs }) => {
      const namespace = new Namespace();
      for (const [key, value] of [...pairsOf(args[0] ?? new Dict()), ...kwargs]) namespace.fields.set(toText(key), value);
      return namespace;
    });
    define("dict", ({ args, kwargs }) => new Dict([...pairsOf(args[0] ?? new Dict()), ...kwargs]));
    define("range", (given) => range(new Given("range", given, ["start", "stop", "step"])));
    define("raise_exception", (given) => {
      throw new TemplateError(toText(new Given("raise_exception", given, ["message"]).required("message")));
    });
    define("joiner", (given) => {
      const separator = new Given("joiner", given, ["sep"]).text("sep", ", ");
      let used = false;
      return new Callable("joiner", () => (used ? separator : ((used = true), "")));
    });
    define("cycler", ({ args }) => {
      let at = 0;
      const next = new Callable("next", () => args[at++ % args.length]!);
      const reset = new Callable("reset", () => ((at = 0), null));
      return new Fields((name) => ({ next, reset, current: args[at % args.length]! })[name]);
    });
    return scope;
  }
}
