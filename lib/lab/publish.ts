/** A result goes to the figures folder and comes back as what a notebook shows. */
import * as tf from "@tensorflow/tfjs";
import { usedRuns } from "../base/runFolder";
import { nativeBackend } from "../engine/native";
import type { Bundle } from "../show/bundle";
import type { Figure } from "../show/figure/figure";
import { saveFigure } from "../show/figure/saveFigure";
import { figureBundle } from "../show/figure/html";
import type { Provenance } from "../show/provenance";
import { saveTable } from "../show/saveTable";
import type { Session } from "./session";
import { tableBundle, type Table } from "../show/table";

/** Saves a table as Markdown, LaTeX and JSON. */
export function publishTable(session: Session, table: Table): Bundle {
  saveTable(table, session.figures, provenanceOf(session));
  return tableBundle(table);
}

/** Saves a figure as SVG, PDF, PNG and HTML. */
export async function publishFigure(session: Session, figure: Figure): Promise<Bundle> {
  return figureBundle(figure, await saveFigure(figure, session.figures, undefined, provenanceOf(session)));
}

/** The provenance of whatever is saved now. */
export function provenanceOf({ preset, seed, engine, runs }: Session): Provenance {
  const used = usedRuns(runs);
  const seeds = used.flatMap(({ kind, key }) =>
    kind !== "evaluation" && "seed" in key && typeof key.seed === "number" ? [key.seed] : [],
  ); // greedy answers are evaluated under none
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
    runs: used.map(({ name }) => name).sort(),
  };
}
