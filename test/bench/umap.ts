/** UMAP of 2682 x 256, neighbours included, against umap-learn. */
import { writeFileSync } from "node:fs";
import { Rng } from "../../lib/base/rng";
import { umapLayout } from "../../lib/topic/umap";
import { Peer } from "./peers";
import { race, ratios, seconds, spread, type Row } from "./race";
import { scratchFile } from "./work";

const [n, d, clusters, neighbours, minDist] = [2682, 256, 30, 15, 0.1];

export async function umapSuite(python: string | undefined, rounds: number): Promise<Row[]> {
  if (!python) return [];
  const rng = new Rng("bench vectors");
  const centres = Array.from({ length: clusters }, () => Array.from({ length: d }, () => rng.normal()));
  const rows = Array.from({ length: n }, (_, i) =>
    Float32Array.from(centres[i % clusters]!, (c) => c + 0.8 * rng.normal()),
  );
  const file = scratchFile("vectors.f32");
  const map = scratchFile("map.f32");
  writeFileSync(file, Buffer.concat(rows.map((row) => Buffer.from(row.buffer))));
  const learn = await Peer.python(python, "umap_fit.py", { file, shape: [n, d], neighbours, min_dist: minDist });
  try {
    let layout: [number, number][] = [];
    let theirs = 0;
    const times = await race(rounds, 1, {
      ours: (round) =>
        seconds(() => {
          layout = umapLayout(rows, { nNeighbors: neighbours, minDist, rng: new Rng(round) });
        }),
      "umap-learn": async () => {
        const answer = await learn.ask<{ seconds: number; trustworthiness: number }>({ fit: true });
        theirs = answer.trustworthiness;
        return answer.seconds;
      },
    });
    writeFileSync(map, Buffer.from(Float32Array.from(layout.flat()).buffer));
    const { trustworthiness } = await learn.ask<{ trustworthiness: number }>({ score: map });
    return [
      {
        suite: "umap",
        work: `UMAP of ${n} x ${d} with neighbours`,
        unit: "s",
        peerName: "umap-learn after its warm-up, no seed, 2 threads",
        goal: 1,
        ours: spread(times.ours),
        peer: spread(times["umap-learn"]),
        ratio: ratios(times["umap-learn"], times.ours),
        check: `trustworthiness (15 neighbours): ${trustworthiness.toFixed(4)} and ${theirs.toFixed(4)}`,
      },
    ];
  } finally {
    learn.close();
  }
}
