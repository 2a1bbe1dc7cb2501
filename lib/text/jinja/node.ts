/** The syntax tree of a template. */
import type { Value } from "./value";

export interface Argument {
  kind: "positional" | "keyword" | "list" | "dict";
  name: string;
  value: Expression;
}

export type Expression =
  | { kind: "constant"; value: Value }
  | { kind: "name"; name: string }
  | { kind: "list" | "tuple" | "concat"; items: Expression[] }
  | { kind: "dict"; entries: [Expression, Expression][] }
  | { kind: "and" | "or"; left: Expression; right: Expression }
  | { kind: "not"; operand: Expression }
  | { kind: "unary"; operator: string; operand: Expression }
  | { kind: "binary"; operator: string; left: Expression; right: Expression }
  | { kind: "compare"; first: Expression; rest: { operator: string; operand: Expression }[] }
  | { kind: "conditional"; test: Expression; then: Expression; otherwise?: Expression }
  | { kind: "attribute"; object: Expression; name: string }
  | { kind: "item"; object: Expression; key: Expression }
  | { kind: "slice"; object: Expression; start?: Expression; stop?: Expression; step?: Expression }
  | { kind: "call"; callee: Expression; args: Argument[] }
  | { kind: "filter"; operand: Expression; name: string; args: Argument[] }
  | { kind: "test"; operand: Expression; name: string; args: Argument[] };

export type Target =
  { kind: "name"; name: string } | { kind: "tuple"; items: Target[] } | { kind: "field"; object: string; name: string };

export interface Parameter {
  name: string;
  fallback?: Expression;
}

/** A body with parameters: of a macro, or what `caller` runs. */
export interface Routine {
  name: string;
  parameters: Parameter[];
  body: Statement[];
}

/** A filter without its operand, as `{% filter %}` and `{% set x | … %}` have it. */
export interface Piped {
  name: string;
  args: Argument[];
}

export type Statement =
  | { kind: "text"; text: string }
  | { kind: "print"; value: Expression }
  | { kind: "if"; branches: { test?: Expression; body: Statement[] }[] }
  | {
      kind: "for";
      target: Target;
      iterable: Expression;
      test?: Expression;
      recursive: boolean;
      body: Statement[];
      otherwise: Statement[];
    }
  | { kind: "set"; target: Target; value: Expression }
  | { kind: "capture"; target: Target; body: Statement[]; filters: Piped[] }
  | { kind: "with"; bindings: { target: Target; value: Expression }[]; body: Statement[] }
  | { kind: "macro"; routine: Routine }
  | { kind: "call"; call: Expression & { kind: "call" }; routine: Routine }
  | { kind: "filterBlock"; filters: Piped[]; body: Statement[] }
  | { kind: "scope"; body: Statement[] }
  | { kind: "break" | "continue" };
