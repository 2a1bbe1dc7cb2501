/** Runs the JavaScript of cells, which share one set of names. */
import { createRequire } from "node:module";
import path from "node:path";
import vm from "node:vm";
import { cellFile } from "./cellErrors";

/** Where the code of a cell finds what it is called with; set before each. */
const HANDOVER = Symbol.for("mask-dpo.cell");

export class CellExecutor {
  /** Modules as cells import them: from the project root, wherever the notebook lies. */
  readonly require: NodeJS.Require;
  private readonly names: Record<string, unknown> = {};
  private readonly exports: Record<string, unknown>;
  private stop: (reason: Error) => void = () => undefined;

  /** @param root project root */
  constructor(root: string) {
    this.require = createRequire(path.join(root, "cell.js"));
    // The compiler defines what a cell imports as a getter; cells may assign to it.
    this.exports = new Proxy(this.names, {
      defineProperty: (names, name, property) =>
        name === "__esModule" || Reflect.set(names, name, property.get ? property.get() : property.value),
    });
  }

  /**
   * Runs a cell to its end. What it does before its first `await` ends with SIGINT, what it waits for with `interrupt`.
   * @param code CommonJS, in which `await` may stand at the top level
   */
  async run(code: string, count: number): Promise<void> {
    Object.assign(globalThis, { [HANDOVER]: [this.exports, this.require] });
    const wrapped = `(async function(exports, require) {\n${code}\n})(...globalThis[Symbol.for("mask-dpo.cell")])`;
    const running = vm.runInThisContext(wrapped, {
      filename: cellFile(count),
      lineOffset: -1,
      breakOnSigint: true,
    }) as Promise<void>;
    await this.orInterrupt(running);
  }

  /** @throws when the user interrupts before `work` is done */
  async orInterrupt<T>(work: Promise<T>): Promise<T> {
    const interrupted = new Promise<never>((_, reject) => (this.stop = reject));
    return Promise.race([work, interrupted]);
  }

  /** Ends the waiting of the running cell. */
  interrupt(): void {
    this.stop(new Error("Interrupted asynchronously"));
  }

  /** A name's value, which is then forgotten. */
  take(name: string): unknown {
    const value = this.names[name];
    delete this.names[name];
    return value;
  }
}
