/** One rendering: statements, one after the other, into texts. */
import { Budget } from "./budget";
import { Evaluator } from "./evaluate";
import { type Jump, runLoop, type Runner } from "./loop";
import { macro } from "./macro";
import type { Piped, Statement, Target } from "./node";
import { toText } from "./print";
import { Scope } from "./scope";
import { itemsOf, Namespace, TemplateError, type Value } from "./value";

export class Run implements Runner {
  readonly budget = new Budget();
  readonly evaluator = new Evaluator(this.budget);

  /** What a body writes. */
  text(body: readonly Statement[], scope: Scope): string {
    const out: string[] = [];
    const jump = this.execute(body, scope, out);
    if (jump) throw new TemplateError(`'${jump}' outside loop`);
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

  assign(target: Target, value: Value, scope: Scope): void {
    if (target.kind === "name") return scope.set(target.name, value);
    if (target.kind === "field") {
      const object = scope.get(target.object);
      if (!(object instanceof Namespace)) throw new TemplateError("cannot assign attribute on non-namespace object");
      object.fields.set(target.name, value);
      return;
    }
    const items = itemsOf(value);
    const expected = target.items.length;
    if (items.length > expected) throw new TemplateError(`too many values to unpack (expected ${expected})`);
    if (items.length < expected)
      throw new TemplateError(`not enough values to unpack (expected ${expected}, got ${items.length})`);
    target.items.forEach((part, i) => this.assign(part, items[i]!, scope));
  }

  private write(text: string, out: string[]): void {
    out.push(this.budget.made(text));
  }

  private statement(node: Statement, scope: Scope, out: string[]): Jump {
    switch (node.kind) {
      case "text":
        this.write(node.text, out);
        return undefined;
      case "print":
        this.write(toText(this.evaluator.value(node.value, scope)), out);
        return undefined;
      case "if": {
        const branch = node.branches.find(({ test }) => !test || this.evaluator.truth(test, scope));
        return branch && this.execute(branch.body, scope, out);
      }
      case "for":
        return runLoop(this, node, scope, out);
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
        scope.set(node.routine.name, macro(node.routine, scope, this));
        return undefined;
      case "call": {
        const { args, kwargs } = this.evaluator.given(node.call.args, scope);
        const given = { args, kwargs: new Map([...kwargs, ["caller", macro(node.routine, scope, this)] as const]) };
        this.write(toText(this.evaluator.called(this.evaluator.value(node.call.callee, scope), given)), out);
        return undefined;
      }
      case "filterBlock":
        this.write(toText(this.piped(this.text(node.body, new Scope(scope)), node.filters, scope)), out);
        return undefined;
      case "scope":
        this.write(this.text(node.body, new Scope(scope)), out);
        return undefined;
      case "break":
      case "continue":
        return node.kind;
    }
  }

  private piped(text: string, filters: readonly Piped[], scope: Scope): Value {
    return filters.reduce<Value>(
      (value, { name, args }) => this.evaluator.filtered(name, value, this.evaluator.given(args, scope)),
      text,
    );
  }
}
