/** Macros, and the bodies of call blocks: what they do not set themselves they see where they were written. */
import type { Evaluator } from "./evaluate";
import type { Routine, Statement } from "./node";
import { Scope } from "./scope";
import { Callable, Dict, TemplateError, Tuple, Undefined, type Value } from "./value";

interface Writer {
  evaluator: Evaluator;
  text(body: readonly Statement[], scope: Scope): string;
}

/** Names that a macro has only where its body speaks of them. */
type Special = "varargs" | "kwargs" | "caller";

export function macro({ name, parameters, body }: Routine, outer: Scope, writer: Writer): Callable {
  const names = parameters.map((parameter) => parameter.name);
  const uses = (special: Special): boolean => mentions(body, special);
  const call = (args: readonly Value[], kwargs: ReadonlyMap<string, Value>): string => {
    const rest = new Map([...kwargs].filter(([key]) => !names.includes(key) && key !== "caller"));
    if (args.length > names.length && !uses("varargs"))
      throw new TemplateError(`macro '${name}' takes not more than ${names.length} argument(s)`);
    const [unknown] = [...rest.keys(), ...(kwargs.has("caller") && !uses("caller") ? ["caller"] : [])];
    if (unknown !== undefined && !(unknown !== "caller" && uses("kwargs")))
      throw new TemplateError(`macro '${name}' takes no keyword argument '${unknown}'`);
    const scope = new Scope(outer);
    if (uses("caller")) scope.set("caller", kwargs.get("caller") ?? new Undefined("No caller defined"));
    if (uses("varargs")) scope.set("varargs", new Tuple(args.slice(names.length)));
    if (uses("kwargs")) scope.set("kwargs", new Dict(rest));
    parameters.forEach(({ name: parameter, fallback }, i) => {
      const given = args[i] ?? kwargs.get(parameter);
      const value = given ?? (fallback && writer.evaluator.value(fallback, scope));
      scope.set(parameter, value ?? new Undefined(`parameter '${parameter}' was not provided`));
    });
    return writer.text(body, scope);
  };
  const fields = new Map<string, Value>([
    ["name", name],
    ["arguments", new Tuple(names)],
  ]);
  return new Callable(name, ({ args, kwargs }) => call(args, kwargs), fields);
}

const known = new WeakMap<object, Map<string, boolean>>();

/** Whether a name stands anywhere in a part of a template. */
function mentions(part: object, name: string): boolean {
  const answers = known.get(part) ?? new Map<string, boolean>();
  known.set(part, answers);
  const answer = answers.get(name) ?? stands(part, name);
  answers.set(name, answer);
  return answer;
}

function stands(part: unknown, name: string): boolean {
  if (typeof part !== "object" || part === null) return false;
  const { kind, name: own } = part as { kind?: unknown; name?: unknown };
  return (kind === "name" && own === name) || Object.values(part).some((inner) => stands(inner, name));
}
