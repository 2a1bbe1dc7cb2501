/** A result goes to the figures folder and comes back as what a notebook shows. */
import * as tf from "@tensorflow/tfjs";
import { runKey } from "../base/runFolder";
import { nativeBackend } from "../engine/native";
import type { Bundle } from "../show/bundle";
import type { Figure } from "../show/figure/figure";
import { saveFigure } from "../show/figure/saveFigure";
import { figureBundle } from "../show/figure/html";
import { runsOf, type Provenance, type Traced } from "../show/provenance";
import { saveTable } from "../show/saveTable";
import type { Session } from "./session";
import { tableRuns, type Table } from "../show/table";
import { tableBundle } from "../show/tableBundle";

/** Saves a table as Markdown, LaTeX and JSON. @param from what it was made of, where it does not say so itself */
export function publishTable(session: Session, table: Table, ...from: readonly Traced[]): Bundle {
  saveTable(table, session.figures, placed(session, { runs: tableRuns(table) }, ...from));
  return tableBundle(table);
}

/** Saves a figure as SVG, PDF, PNG and HTML. @param from as for a table */
export async function publishFigure(session: Session, figure: Figure, ...from: readonly Traced[]): Promise<Bundle> {
  const provenance = placed(session, figure, ...from);
  return figureBundle(figure, await saveFigure(figure, session.figures, undefined, provenance));
}

/** How much each session has published. */
const published = new WeakMap<Session, number>();

/** With its place among all that the session publishes: the order in which a notebook tells its story. */
function placed(session: Session, ...from: readonly Partial<Traced>[]): Provenance {
  const place = (published.get(session) ?? 0) + 1;
  published.set(session, place);
  return { ...provenanceOf(session, ...from), place };
}

/** The provenance of what was made in this session from these. */
export function provenanceOf(session: Session, ...from: readonly Partial<Traced>[]): Provenance {
  const { preset, seed, engine } = session;
  const runs = runsOf(...from);
  const seeds = runs.flatMap((name) => seedOf(runKey(session.runs, name), name));
  return {
    preset: preset.name,
    seed,
    seeds: [...new Set([seed, ...seeds])].sort((a, b) => a - b),
    engine: engine.name,
    versions: {
      node: process.versions.node,
      tfjs: tf.version.tfjs,
      tensorflow: nativeBackend()?.binding.TF_Version ?? null,
    },
    runs,
  };
}

/** Greedy answers are evaluated under no seed. */
function seedOf(key: object, name: string): number[] {
  return !name.startsWith("evaluation-") && "seed" in key && typeof key.seed === "number" ? [key.seed] : [];
}
