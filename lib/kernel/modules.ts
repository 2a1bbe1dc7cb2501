/**
 * Modules that were edited since a cell imported them. Those of the user are forgotten, with all that imports them, so
 * that the next import runs the new code and is checked against the new types. The library's own hold the engine and
 * what waits for it: of them it is said that the kernel has to be started again.
 */
import { existsSync, statSync } from "node:fs";
import path from "node:path";

/** The type checker's side. */
export interface CheckedFiles {
  /** Files whose types it has read. */
  files(): Iterable<string>;
  /** Lets it read one again. */
  changed(file: string): void;
  /** Modules that it has looked for in vain, without their endings. */
  missing(): readonly string[];
  /** Lets it look for one again. */
  appeared(file: string): void;
}

/** Of what a cell imports without one. */
const endings = ["", ".ts", ".tsx", ".d.ts", ".js", "/index.ts", "/index.d.ts"];

/** What a file was like when it was read: nothing where there is none. */
const stampOf = (file: string): string => {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat ? `${stat.mtimeMs} ${stat.size} ${stat.ino}` : "";
};

export class LoadedModules {
  private readonly stamps = new Map<string, string>();
  private readonly library: string;

  /** @param root project root @param checked the type checker */
  constructor(
    root: string,
    private readonly checked: CheckedFiles,
  ) {
    this.library = path.join(root, "lib") + path.sep;
  }

  /** Notes what is loaded by now; to be called when a cell has ended. */
  remember(): void {
    for (const file of this.ownFiles()) if (!this.stamps.has(file)) this.stamps.set(file, stampOf(file));
  }

  /**
   * Forgets what was edited; to be called before a cell.
   * @returns the library's files among it, each once an edit, which the kernel goes on running as they were
   */
  refresh(): string[] {
    for (const module of this.checked.missing())
      for (const ending of endings) if (existsSync(module + ending)) this.checked.appeared(module + ending);
    const edited = [...this.stamps].filter(([file, stamp]) => stampOf(file) !== stamp).map(([file]) => file);
    for (const file of edited) this.stamps.set(file, stampOf(file));
    const [stale, fresh] = [true, false].map((own) => edited.filter((file) => file.startsWith(this.library) === own));
    for (const file of fresh!) {
      this.checked.changed(file);
      this.forget(file);
    }
    return stale!;
  }

  /** With what imports it, directly or not, but for the library. */
  private forget(file: string): void {
    if (!require.cache[file]) return;
    delete require.cache[file];
    this.stamps.delete(file);
    for (const module of Object.values(require.cache))
      if (
        module &&
        !module.filename.startsWith(this.library) &&
        module.children.some(({ filename }) => filename === file)
      )
        this.forget(module.filename);
  }

  /** Loaded or type-checked files that are edited by hand. */
  private *ownFiles(): Generator<string> {
    const installed = `${path.sep}node_modules${path.sep}`;
    for (const file of [...Object.keys(require.cache), ...this.checked.files()])
      if (path.isAbsolute(file) && !path.normalize(file).includes(installed)) yield path.normalize(file);
  }
}
