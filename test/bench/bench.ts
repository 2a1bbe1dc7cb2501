/**
 * `npm run bench [-- suites]`: measures, prints the table, and leaves JSON and figures in figures/ (README.md here is
 * the log).
 */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { Argument, Command } from "commander";
import { projectRoot, writeFileAtomic } from "../../lib/base/files";
import { setProgressRenderer } from "../../lib/base/progress";
import { startEngine } from "../../lib/engine/backend";
import { engineMemory } from "../../lib/engine/memory";
import { saveFigure } from "../../lib/show/figure/saveFigure";
import { saveTable } from "../../lib/show/saveTable";
import { toText } from "../../lib/show/table";
import { memorySuite } from "./memory";
import { peerPython } from "./peers";
import { machine, type Row } from "./race";
import { referenceSuite } from "./reference";
import { billionLoraSuite, realLoraSuite, realMemorySuite, realReferenceSuite, realTrainSuite } from "./real";
import { realSampleSuite, realServerSuite } from "./realSample";
import { benchTable, ratioFigure } from "./report";
import { sampleSuite } from "./sample";
import { measureScale, scaleFigure, scaleTable, type ScaleCurve } from "./scale";
import { setupSuite } from "./setup";
import { measureShapes, shapeTable, type ShapeRow } from "./shapes";
import { trainSuite, wasmSuite } from "./train";
import { umapSuite } from "./umap";

const suites = {
  train: trainSuite,
  reference: referenceSuite,
  sample: sampleSuite,
  umap: umapSuite,
  memory: memorySuite,
  wasm: wasmSuite,
  setup: setupSuite,
};
/** Of models of a real size, which compute on all threads of one process: not in one command with the others. */
const realSuites = {
  "135m-sample": realSampleSuite,
  "135m-server": realServerSuite,
  "135m-train": realTrainSuite,
  "135m-lora": realLoraSuite,
  "135m-reference": realReferenceSuite,
  "135m-memory": realMemorySuite,
  "1b-lora": billionLoraSuite,
};
const real = Object.keys(realSuites);
const usual = [...Object.keys(suites), "scale"];
const names = [...usual, "shapes", ...real];
/** All numbers so far; a suite that is run again replaces its own. */
interface Results {
  machine: ReturnType<typeof machine>;
  rows: Row[];
  scale: ScaleCurve[];
  shapes?: ShapeRow[];
}

const figures = path.join(projectRoot, "figures");
const file = path.join(figures, "bench.json");
interface Flags {
  rounds: number;
  missing?: boolean;
}

function readResults(): Results {
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8")) as Results;
  return { machine: machine(""), rows: [], scale: [] };
}

async function main(asked: string[], { rounds, missing }: Flags): Promise<void> {
  setProgressRenderer(() => ({ update: () => undefined, stop: () => undefined })); // rounds are the progress here
  const results = readResults();
  const known = new Set(results.rows.map(({ suite }) => suite));
  const chosen = asked
    .flatMap((name) => (name === "135m" ? real.filter((suite) => suite.startsWith("135m")) : [name]))
    .filter((name) => !(missing && known.has(name)));
  const large = chosen.filter((name) => real.includes(name));
  if (large.length > 0 && large.length < chosen.length)
    throw new Error(`expected suites of one kind: ${large.join(", ")} have threads of their own, the others processes`);
  const engine = await startEngine({ large: large.length > 0 });
  results.machine = machine(engine.description);
  const peers = chosen.some((name) => !["scale", "shapes", "setup", "wasm"].includes(name)) ? peerPython() : undefined;
  if (peers && "reason" in peers)
    process.stdout.write(`bench: without Python peers (${peers.reason}): only what needs none is measured\n`);
  for (const name of names.filter((name) => chosen.includes(name))) {
    process.stdout.write(`bench: ${name}\n`);
    if (name === "scale") results.scale = measureScale();
    else if (name === "shapes") results.shapes = measureShapes(engineMemory());
    else {
      const suite = { ...suites, ...realSuites }[name as keyof typeof suites | keyof typeof realSuites];
      const measured = await suite(peers && "python" in peers ? peers.python : undefined, rounds);
      const rows = measured.map((row) => ({ ...row, cpu: String(results.machine["cpu"]) }));
      if (rows.length > 0)
        results.rows = [...results.rows.filter(({ suite }) => suite !== name), ...rows].sort(
          (a, b) => names.indexOf(a.suite) - names.indexOf(b.suite),
        );
      if (rows.length > 0) process.stdout.write(`${toText(benchTable(rows))}\n`);
    }
    writeFileAtomic(file, `${JSON.stringify(results, undefined, 1)}\n`);
  }
  saveTable(benchTable(results.rows), figures);
  if (results.rows.length > 0) await saveFigure(ratioFigure(results.rows), figures);
  if (results.scale.length > 0) {
    saveTable(scaleTable(results.scale), figures);
    process.stdout.write(`${toText(scaleTable(results.scale))}\n`);
    for (const key of ["seconds", "megabytes"] as const) await saveFigure(scaleFigure(results.scale, key), figures);
  }
  if (results.shapes) {
    saveTable(shapeTable(results.shapes), figures);
    process.stdout.write(`${toText(shapeTable(results.shapes))}\n`);
  }
}

new Command("bench")
  .description("measure against TRL, torch, transformers, umap-learn")
  .addArgument(
    new Argument(
      "[suites...]",
      "which (default: all but shapes, which takes an hour and 20 GB of disk, 135m, which is all of a real model, " +
        "and 1b-lora)",
    )
      .choices([...names, "135m"])
      .default(usual),
  )
  .option("--rounds <n>", "alternating rounds after the warm-up", Number, 9)
  .option("--missing", "only suites without numbers: a run that was killed goes on")
  .action(async (chosen: string[], options: Flags) => {
    await main(chosen, options);
    process.exit(0);
  })
  .parseAsync()
  .catch((error: Error) => {
    process.stderr.write(`bench: ${error.stack ?? error.message}\n`);
    process.exit(1);
  });
