/**
 * What a template may take: steps, and the size of what it makes. Counted, not timed, so that a refusal is the same
 * everywhere.
 */
import { mostCharacters, mostItems } from "./operator";
import { Dict, isList, Lazy, TemplateError, Tuple, type Value } from "./value";

/** Some seconds; a conversation of a thousand turns takes a hundredth. */
const mostSteps = 10_000_000;
/** Calls in each other: less than a stack holds. */
const mostCalls = 200;

export class Budget {
  private steps = 0;
  private calls = 0;

  spend(steps: number): void {
    this.steps += steps;
    if (this.steps > mostSteps) throw new TemplateError(`a template that takes more than ${mostSteps} steps`);
  }

  /** A value that was made, at the cost of its size. */
  made<Made extends Value>(value: Made): Made {
    const size = sizeOf(value);
    if (size > (typeof value === "string" ? mostCharacters : mostItems))
      throw new TemplateError(`a ${typeof value === "string" ? "text" : "list"} that is too long`);
    this.used(value);
    return value;
  }

  /** A value that was gone through. */
  used(value: Value): void {
    this.spend(1 + (typeof value === "string" ? value.length >> 4 : sizeOf(value)));
  }

  called<T>(run: () => T): T {
    if (++this.calls > mostCalls) throw new TemplateError(`more than ${mostCalls} calls in each other`);
    try {
      return run();
    } finally {
      this.calls--;
    }
  }
}

function sizeOf(value: Value): number {
  if (typeof value === "string") return value.length;
  if (isList(value)) return value.length;
  if (value instanceof Tuple || value instanceof Lazy) return value.items.length;
  return value instanceof Dict ? value.size : 0;
}
