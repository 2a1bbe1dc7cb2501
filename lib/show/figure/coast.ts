/** The world's coastlines: Natural Earth 1:110m (public domain) as the package world-atlas (ISC) has them. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { feature } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";

/** For captions. */
export const coastSource = "coastlines: Natural Earth (public domain), by world-atlas (ISC)";

/** Rings of land one after the other, null between them: degrees, to a tenth. */
export interface Coast {
  longitude: (number | null)[];
  latitude: (number | null)[];
}

let read: Coast | undefined;

/** Read once a process. */
export function coast(): Coast {
  return (read ??= readCoast());
}

function readCoast(): Coast {
  const file = createRequire(__filename).resolve("world-atlas/land-110m.json");
  const topology = JSON.parse(readFileSync(file, "utf8")) as Topology<{ land: GeometryCollection }>;
  const rings = feature(topology, topology.objects.land).features.flatMap(({ geometry }) =>
    geometry.type === "MultiPolygon" ? geometry.coordinates.flat() : [],
  );
  const flat = rings.flatMap((ring) => flatRings(ring.map(([x, y]): Point => [x!, y!])));
  const axis = (i: 0 | 1) => flat.flatMap((ring) => [...ring.map((point) => Math.round(10 * point[i]) / 10), null]);
  return { longitude: axis(0), latitude: axis(1) };
}

type Point = readonly [longitude: number, latitude: number];

/**
 * A ring goes on over the 180th meridian, beyond which no map shows it; then it is there once more, on the other side.
 * One that closes only after a turn around the world is around a pole, and is left out: that is Antarctica.
 */
function flatRings(ring: readonly Point[]): Point[][] {
  let turn = 0;
  const whole = ring.map(([x, y], i): Point => {
    const step = i === 0 ? 0 : x - ring[i - 1]![0];
    turn -= 360 * Math.round(step / 360);
    return [x + turn, y];
  });
  if (turn !== 0) return [];
  const beyond = whole.find(([x]) => Math.abs(x) > 180);
  return beyond ? [whole, whole.map(([x, y]): Point => [x - 360 * Math.sign(beyond[0]), y])] : [whole];
}
