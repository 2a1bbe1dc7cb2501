/** What was run in this kernel, for consoles that go back to it. */
import type { Content } from "./jupyterWire";

/** Jupyter's: session, number of the cell, its source. There is one session, the kernel's. */
type Entry = [session: number, line: number, source: string];
/** With what the cell came to, which is not kept. */
type WithOutput = [session: number, line: number, both: [source: string, output: null]];

export class History {
  private readonly entries: Entry[] = [];

  add(count: number, source: string): void {
    this.entries.push([1, count, source]);
  }

  /** What a history_request asks for. `session` 0 is this one, others there are none. */
  find(request: Content): (Entry | WithOutput)[] {
    const found = this.found(request);
    if (request.output !== true) return found;
    return found.map(([session, line, source]): WithOutput => [session, line, [source, null]]);
  }

  private found({ hist_access_type, n, pattern, unique, session, start, stop }: Content): Entry[] {
    if (hist_access_type === "range") {
      const [from, to] = [Number(start ?? 1), Number(stop ?? Infinity)];
      return session === 0 || session === 1 ? this.entries.filter(([, line]) => line >= from && line < to) : [];
    }
    const found =
      hist_access_type === "search"
        ? this.search(typeof pattern === "string" ? pattern : "*", unique === true)
        : this.entries;
    return typeof n === "number" ? found.slice(-n) : [...found];
  }

  /** @param pattern in which * stands for any text and ? for one character @param unique only the last of equal ones */
  private search(pattern: string, unique: boolean): Entry[] {
    const literal = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&");
    const matches = new RegExp(`^${literal.replace(/\*/g, ".*").replace(/\?/g, ".")}$`, "s");
    const found = this.entries.filter(([, , source]) => matches.test(source));
    return unique
      ? found.filter(([, , source], i) => found.findLastIndex((entry) => entry[2] === source) === i)
      : found;
  }
}
