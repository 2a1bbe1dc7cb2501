/**
 * Regions of a map of topics, named by what most of their topics have in common: k-means in the plane (Lloyd), begun
 * from points far from each other, so that no chance is in it.
 */
import { mean } from "../base/stats";
import type { Topic } from "../world/relation";

export interface Region {
  /** the country or world region that most of its topics share, else how most names begin, as "San …", "Ch…" */
  name: string;
  topics: number;
  /** median of its points */
  x: number;
  y: number;
}

type Point = readonly [number, number];

/** Rounds of k-means; it stands still well before. */
const mostRounds = 50;

/** Regions with a name, largest first: none for a region whose topics share not even a letter. @param points [N][2] */
export function nameRegions(topics: readonly Topic[], points: readonly Point[], count: number): Region[] {
  const nearest = assign(points, count);
  const regions = Array.from({ length: count }, (_, c) => [...points.keys()].filter((i) => nearest[i] === c));
  return regions
    .flatMap((own): Region[] => {
      const name = nameOf(own.map((i) => topics[i]!));
      const median = (axis: 0 | 1) => own.map((i) => points[i]![axis]).sort((a, b) => a - b)[own.length >> 1]!;
      return name === undefined ? [] : [{ name, topics: own.length, x: median(0), y: median(1) }];
    })
    .sort((a, b) => b.topics - a.topics);
}

function nameOf(topics: readonly Topic[]): string | undefined {
  const levels = [
    ({ country }: Topic) => country.name,
    ({ country }: Topic) => country.subregion,
    ({ name }: Topic) => `${name.split(/[ -]/)[0]!} …`,
    ({ name }: Topic) => `${name.slice(0, 2)}…`,
    ({ name }: Topic) => `${name.slice(0, 1)}…`,
  ];
  return levels.map((of) => mostOf(topics.map(of))).find((name) => name !== undefined);
}

/** What more than half of them are. */
function mostOf(names: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].find(([, count]) => 2 * count > names.length)?.[0];
}

/** The cluster of each point. */
function assign(points: readonly Point[], count: number): number[] {
  let centres = farApart(points, count);
  let nearest: number[] = [];
  for (let round = 0; round < mostRounds; round++) {
    const next = points.map((point) => nearestOf(centres, point));
    if (next.every((c, i) => c === nearest[i])) break;
    nearest = next;
    centres = centres.map((centre, c) => {
      const own = points.filter((_, i) => nearest[i] === c);
      const along = (axis: 0 | 1) => mean(own.map((point) => point[axis]));
      return own.length > 0 ? [along(0), along(1)] : centre;
    });
  }
  return nearest;
}

/** The first point, then each time the one farthest from all that were chosen. */
function farApart(points: readonly Point[], count: number): Point[] {
  const chosen = points.slice(0, 1);
  const away = points.map(() => Infinity);
  while (chosen.length < Math.min(count, points.length)) {
    const last = chosen.at(-1)!;
    points.forEach((point, i) => (away[i] = Math.min(away[i]!, squared(point, last))));
    chosen.push(points[away.indexOf(Math.max(...away))]!);
  }
  return [...chosen];
}

function nearestOf(centres: readonly Point[], point: Point): number {
  return centres.reduce((best, centre, c) => (squared(centre, point) < squared(centres[best]!, point) ? c : best), 0);
}

function squared([x0, y0]: Point, [x1, y1]: Point): number {
  return (x0 - x1) ** 2 + (y0 - y1) ** 2;
}
