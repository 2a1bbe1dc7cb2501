/** Results under the hash of all that determines them: computed once, and read again. */
import { existsSync } from "node:fs";
import path from "node:path";
import type { z } from "zod";
import { writeFileAtomic } from "../base/files";
import { parseJson, parseRow } from "../base/jsonl";
import { runFolder } from "../base/runFolder";
import { readText } from "../base/textFile";

/** A result, and the run folder that keeps it. */
export interface Kept<T> {
  value: T;
  run: string;
}

/** @throws UserError for a damaged file */
export async function kept<S extends z.ZodTypeAny>(
  { runs }: { runs: string },
  kind: string,
  key: object,
  schema: S,
  compute: () => Promise<z.output<S>>,
): Promise<Kept<z.output<S>>> {
  const folder = runFolder(runs, kind, key);
  const file = path.join(folder, "result.json");
  const run = path.basename(folder);
  if (existsSync(file)) return { value: parseRow(schema, parseJson(readText(file), file), file) as z.output<S>, run };
  const value = await compute();
  writeFileAtomic(file, `${JSON.stringify(value)}\n`);
  return { value, run };
}
