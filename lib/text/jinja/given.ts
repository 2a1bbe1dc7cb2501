/** What a function was given, by place or name. */
import { type Arguments, None, numberOf, TemplateError, truth, typeName, Undefined, type Value } from "./value";

export class Given {
  constructor(
    private readonly name: string,
    private readonly given: Arguments,
    private readonly parameters: readonly string[],
  ) {
    if (given.args.length > parameters.length)
      throw new TemplateError(`${name}() takes ${parameters.length} arguments, ${given.args.length} given`);
    for (const key of given.kwargs.keys())
      if (!parameters.includes(key)) throw new TemplateError(`${name}() got an unexpected keyword argument '${key}'`);
  }

  value(parameter: string): Value | undefined {
    return this.given.args[this.parameters.indexOf(parameter)] ?? this.given.kwargs.get(parameter);
  }
  required(parameter: string): Value {
    const value = this.value(parameter);
    if (value === undefined) throw new TemplateError(`${this.name}() missing 1 required argument: '${parameter}'`);
    return value;
  }
  /** @throws TemplateError for what is no text */
  text(parameter: string, fallback?: string): string {
    const value = fallback === undefined ? this.required(parameter) : this.value(parameter);
    if (value === undefined) return fallback!;
    if (typeof value === "string") return value;
    if (value instanceof Undefined) value.fail();
    throw new TemplateError(`${this.name}(): '${parameter}' must be str, not ${typeName(value)}`);
  }
  /** A text, or none where it is left out or None. */
  textOrNone(parameter: string): string | undefined {
    const value = this.value(parameter);
    return value === undefined || value === None ? undefined : this.text(parameter);
  }
  whole(parameter: string, fallback?: number): number {
    const value = fallback === undefined ? this.required(parameter) : this.value(parameter);
    if (value === undefined) return fallback!;
    const number = typeof value === "number" || typeof value === "boolean" ? numberOf(value) : undefined;
    if (number !== undefined) return number;
    if (value instanceof Undefined) value.fail();
    throw new TemplateError(`'${typeName(value)}' object cannot be interpreted as an integer`);
  }
  flag(parameter: string, fallback = false): boolean {
    const value = this.value(parameter);
    return value === undefined ? fallback : truth(value);
  }
}
