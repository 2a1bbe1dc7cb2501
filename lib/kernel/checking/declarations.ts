/**
 * The library as the type checker of cells reads it: declarations in the place of sources, where a file says all its
 * types (the others stay what they are). Without the bodies of functions, and without what only those import, a first
 * `import "./lib"` is checked in half the time. Made once for every text of a file, kept below node_modules.
 */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import type * as TypeScript from "typescript";
import { writeFileAtomic } from "../../base/files";
import { sha256 } from "../../base/hash";

/** Of a file, by the hash of its text; null where it does not say all its types. */
type Kept = Record<string, { hash: string; text: string | null }>;

export class Declarations {
  private readonly library: string;
  private readonly store: string;
  private readonly kept: Kept;
  /** Files read as sources, since nothing was kept of them, with their texts. */
  private readonly missing = new Map<string, string>();

  constructor(root: string) {
    this.library = `${root.split(path.sep).join("/")}/lib/`;
    const { version } = createRequire(__filename)("typescript/package.json") as { version: string };
    this.store = path.join(root, `node_modules/.mask-dpo-declarations/${version}.json`);
    this.kept = readKept(this.store);
  }

  /** What is to be read of a file. @param text its source */
  of(file: string, text: string): string {
    if (!file.startsWith(this.library) || !file.endsWith(".ts")) return text;
    const found = this.kept[this.nameOf(file)];
    if (found?.hash === sha256(text)) return found.text ?? text;
    this.missing.set(file, text);
    return text;
  }

  /** Makes those that are missing, one a step, and keeps them for the next kernel; what is given up can be resumed. */
  *make(): Generator<void> {
    if (this.missing.size === 0) return;
    const ts = createRequire(__filename)("typescript") as typeof TypeScript;
    for (const [file, text] of this.missing) {
      yield;
      const compilerOptions = { target: ts.ScriptTarget.ES2022, isolatedDeclarations: true, strict: true };
      const { outputText, diagnostics } = ts.transpileDeclaration(text, {
        fileName: file,
        reportDiagnostics: true,
        compilerOptions,
      });
      this.kept[this.nameOf(file)] = { hash: sha256(text), text: diagnostics?.length ? null : outputText };
      this.missing.delete(file);
    }
    try {
      writeFileAtomic(this.store, JSON.stringify(this.kept));
    } catch {
      // an installation that cannot be written: the next kernel makes them again
    }
  }

  private nameOf(file: string): string {
    return file.slice(this.library.length);
  }
}

function readKept(file: string): Kept {
  try {
    return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Kept) : {};
  } catch {
    return {}; // damaged: made anew
  }
}
