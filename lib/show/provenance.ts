/** Which run a table or a figure is from: what was asked for, what computed it, and the run folders it used. */
import { z } from "zod";

/** What knows the run folders it was made from, by name. */
export interface Traced {
  runs: readonly string[];
}

/** The runs of all of them, each once, in order of their names. */
export function runsOf(...from: readonly Partial<Traced>[]): string[] {
  return [...new Set(from.flatMap(({ runs = [] }) => runs))].sort();
}

export const provenanceSchema = z
  .object({
    preset: z.string(),
    /** the session's seed, and every seed of the runs below */
    seed: z.number(),
    seeds: z.array(z.number()),
    engine: z.string(),
    /** `tensorflow` is null where the engine is another */
    versions: z.object({ node: z.string(), tfjs: z.string(), tensorflow: z.string().nullable() }).strict(),
    /** names of the run folders it was made from */
    runs: z.array(z.string()),
    /** of a table or a figure, among all that its session published; from 1 */
    place: z.number().int().positive().optional(),
  })
  .strict();
export type Provenance = z.output<typeof provenanceSchema>;

/** What tells one run of the notebooks from another. */
export function sizeText({ preset, seed, engine }: Pick<Provenance, "preset" | "seed" | "engine">): string {
  return `preset ${preset}, seed ${seed}, engine ${engine}`;
}

export function versionsText({ versions: { node, tfjs, tensorflow } }: Pick<Provenance, "versions">): string {
  return `Node ${node}, tfjs ${tfjs}${tensorflow === null ? "" : `, TensorFlow ${tensorflow}`}`;
}

/** A caption names so many run folders; more are counted. */
const SHOWN = 6;

function runsText(runs: readonly string[]): string {
  if (runs.length === 0) return "";
  return runs.length > SHOWN ? ` ${runs.length} runs, named in results.json.` : ` Runs: ${runs.join(", ")}.`;
}

/** One line for a caption. */
export function provenanceText(run: Provenance | null): string {
  if (!run) return "No run is recorded: made outside the notebooks.";
  const { preset, seeds, engine, runs } = run;
  const drawn = `seed${seeds.length > 1 ? "s" : ""} ${seeds.join(", ")}`;
  return `From preset ${preset}, ${drawn}, engine ${engine} (${versionsText(run)}).${runsText(runs)}`;
}
