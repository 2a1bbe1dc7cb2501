/** Which of the files that were read are edited since. */
import { statSync } from "node:fs";
import path from "node:path";

/** What a file was like when it was read: nothing where there is none. */
const stampOf = (file: string): string => {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat ? `${stat.mtimeMs} ${stat.size} ${stat.ino}` : "";
};

export class Edits {
  private readonly stamps = new Map<string, string>();

  /** @param files what is read by now, installed packages among it */
  constructor(private readonly files: () => Iterable<string>) {}

  /** Notes what is read by now. */
  remember(): void {
    const installed = `${path.sep}node_modules${path.sep}`;
    for (const name of this.files()) {
      if (!path.isAbsolute(name)) continue;
      const file = path.normalize(name);
      if (!file.includes(installed) && !this.stamps.has(file)) this.stamps.set(file, stampOf(file));
    }
  }

  /** Files edited since they were noted, each once an edit. */
  take(): string[] {
    const edited = [...this.stamps].filter(([file, stamp]) => stampOf(file) !== stamp).map(([file]) => file);
    for (const file of edited) this.stamps.set(file, stampOf(file));
    return edited;
  }

  /** A file is not read any more. */
  forget(file: string): void {
    this.stamps.delete(file);
  }
}
