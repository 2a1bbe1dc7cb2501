/** Names and what they mean, from the inside out: what is set inside a loop or a macro is not seen outside. */
import { Undefined, type Value } from "./value";

export class Scope {
  private readonly names = new Map<string, Value>();

  constructor(private readonly outer?: Scope) {}

  get(name: string): Value {
    const value = this.names.get(name);
    if (value !== undefined) return value;
    return this.outer ? this.outer.get(name) : new Undefined(`'${name}' is undefined`);
  }

  set(name: string, value: Value): void {
    this.names.set(name, value);
  }
}
