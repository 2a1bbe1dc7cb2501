/**
 * Modules that were edited since a cell imported them. Those of the user are forgotten, with all that imports them, so
 * that the next import runs the new code. The library's own hold the engine and what waits for it: of them it is said
 * that the kernel has to be started again.
 */
import path from "node:path";
import { Edits } from "./edits";

export class LoadedModules {
  private readonly edits = new Edits(() => Object.keys(require.cache));
  private readonly library: string;

  /** @param root project root */
  constructor(root: string) {
    this.library = path.join(root, "lib") + path.sep;
  }

  /** Notes what is loaded by now; to be called when a cell has ended. */
  remember(): void {
    this.edits.remember();
  }

  /**
   * Forgets what was edited; to be called before a cell.
   * @returns the library's files among it, each once an edit, which the kernel goes on running as they were
   */
  refresh(): string[] {
    const edited = this.edits.take();
    for (const file of edited) if (!this.isLibrary(file)) this.forget(file);
    return edited.filter((file) => this.isLibrary(file));
  }

  /** The library's files that run. */
  ofLibrary(): string[] {
    return Object.keys(require.cache).filter((file) => this.isLibrary(file));
  }

  private isLibrary(file: string): boolean {
    return file.startsWith(this.library);
  }

  /** With what imports it, directly or not, but for the library. */
  private forget(file: string): void {
    if (!require.cache[file]) return;
    delete require.cache[file];
    this.edits.forget(file);
    for (const module of Object.values(require.cache))
      if (module && !this.isLibrary(module.filename) && module.children.some(({ filename }) => filename === file))
        this.forget(module.filename);
  }
}
