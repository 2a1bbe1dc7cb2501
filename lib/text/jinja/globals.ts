/** Functions that every template has. */
import { Given } from "./given";
import { toText } from "./print";
import { Scope } from "./scope";
import { type Arguments, Callable, Dict, itemsOf, Lazy, Namespace, TemplateError, type Value } from "./value";

/** As jinja2's sandbox bounds it. */
const mostRange = 100_000;

export function globals(): Scope {
  const scope = new Scope();
  const define = (name: string, call: (given: Arguments) => Value) => scope.set(name, new Callable(name, call));
  define("namespace", (given) => {
    const namespace = new Namespace();
    for (const [key, value] of fieldsOf(given)) namespace.fields.set(toText(key), value);
    return namespace;
  });
  define("dict", (given) => new Dict(fieldsOf(given)));
  define("range", (given) => range(given));
  define("raise_exception", (given) => {
    throw new TemplateError(toText(new Given("raise_exception", given, ["message"]).required("message")));
  });
  define("joiner", (given) => {
    const separator = new Given("joiner", given, ["sep"]).text("sep", ", ");
    let used = false;
    return new Callable("joiner", () => {
      const text = used ? separator : "";
      used = true;
      return text;
    });
  });
  return scope;
}

/** Of a dictionary or pairs, and of keywords. */
function fieldsOf({ args: [first], kwargs }: Arguments): (readonly [Value, Value])[] {
  if (first === undefined) return [...kwargs];
  const pairs = first instanceof Dict ? first.items() : itemsOf(first).map((pair) => itemsOf(pair));
  return [...pairs.map((pair) => [pair[0]!, pair[1]!] as const), ...kwargs];
}

function range(given: Arguments): Lazy {
  const numbers = new Given("range", given, ["start", "stop", "step"]);
  const first = numbers.whole("start");
  const [start, stop] = given.args.length < 2 ? [0, first] : [first, numbers.whole("stop")];
  const step = numbers.whole("step", 1);
  if (step === 0) throw new TemplateError("range() arg 3 must not be zero");
  const length = Math.max(0, Math.ceil((stop - start) / step));
  if (length > mostRange) throw new TemplateError(`Range too big. The sandbox blocks ranges larger than ${mostRange}.`);
  const numbersOf = Array.from({ length }, (_, i) => start + i * step);
  return new Lazy(numbersOf, () => `range(${start}, ${stop}${step === 1 ? "" : `, ${step}`})`);
}
