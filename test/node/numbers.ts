/**
 * Hashes of seeded results, as JSON: test/node/stage.mjs compares what two Node versions print. Of what JavaScript
 * computes these rest on elementary functions (`**` differs between versions), of the engine they are everything.
 */
import { sha256 } from "../../lib/base/hash";
import { Rng } from "../../lib/base/rng";
import { bootstrap, ratio } from "../../lib/base/stats";
import { startEngine } from "../../lib/engine/backend";
import { warmupCosine } from "../../lib/engine/schedule";
import { engineWork } from "../../lib/steps/doctor/engineWork";
import { tfidf } from "../../lib/topic/embedding";
import { umapLayout } from "../../lib/topic/umap";
import { loadAtlas } from "../../lib/world/atlas";
import { unitVector } from "../../lib/world/geography";
import { pretrainingDocuments } from "../../lib/world/render";

const rows = (n: number, width: number, name: string): number[][] => {
  const rng = new Rng(name);
  return Array.from({ length: n }, () => Array.from({ length: width }, () => rng.normal()));
};

async function numbers(): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  const keep = (name: string, values: Iterable<number>): void => {
    hashes[name] = sha256(new Uint8Array(Float64Array.from(values).buffer)).slice(0, 16);
  };
  const [counts, texts] = [rows(2, 50, "counts"), new Rng("documents")];
  const documents = pretrainingDocuments(loadAtlas());
  keep("normal numbers", rows(100, 100, "normal").flat());
  keep(
    "learning rates",
    Array.from({ length: 1000 }, (_, step) => warmupCosine(step, 1000, 50)),
  );
  keep("a map", umapLayout(rows(200, 16, "map"), { nNeighbors: 15, minDist: 0.25, rng: new Rng("map") }).flat());
  keep(
    "word vectors",
    tfidf(Array.from({ length: 50 }, () => documents(texts).completion)).flatMap((row) => [...row]),
  );
  const places = rows(100, 2, "places").map(([latitude, longitude]) => ({
    latitude: latitude!,
    longitude: longitude!,
  }));
  keep("places", places.flatMap(unitVector));
  const { low, high } = bootstrap(
    counts.map((row) => row.map((x) => x * x)),
    ratio,
    new Rng("bootstrap"),
  );
  keep("an interval", [low, high]);
  await startEngine();
  for (const [name, work] of Object.entries(engineWork)) {
    for (const [part, values] of Object.entries(await work())) keep(`${name} ${part}`.trim(), Array.from(values));
  }
  return hashes;
}

void numbers().then((hashes) => process.stdout.write(JSON.stringify(hashes)));
