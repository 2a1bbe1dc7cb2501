/**
 * Figures of notebook 05: ranks of wrong statements (Eq. 8), and the map of topics (§4.3), UMAP of the policy's own
 * vectors, coloured by group, score or gain.
 */
import type { Session } from "../lab/session";
import type { Figure } from "../show/figure/figure";
import { mapFigure } from "../show/figure/map";
import { rowFigure } from "../show/figure/rows";
import { okabeIto, palette } from "../show/palette";
import type { NearFarSplit } from "../topic/cluster";
import { entriesOf } from "../topic/embedding";
import { nameRegions } from "../topic/regions";
import { relationLabels } from "../world/relationLabels";
import type { DirectTest } from "./topicGraph";
import { embeddingLook } from "./topicTables";

/** Fewer wrong statements than this say nothing about a relation. */
const fewestStatements = 20;

/**
 * Mean rank by relation: of the policy's own embedding with its interval, beside the rank that is expected from how
 * often values are stated, and of the others.
 */
export function rankFigure({ embeddings, runs }: DirectTest): Figure {
  const shown = embeddings.base.tests
    .filter(({ relation, statements }) => relation === "all" || statements >= fewestStatements)
    .sort((a, b) => Number(b.relation === "all") - Number(a.relation === "all") || a.rank.value - b.rank.value);
  const all = embeddings.base.tests[0];
  const figure = rowFigure({
    name: "05-ranks",
    title: "How near are wrong statements? (test, sampled)",
    note:
      `${all?.statements ?? 0} wrong statements about ${all?.topics ?? 0} topics, relations with ${fewestStatements} ` +
      "and more. Mean relative rank: 0 nearest, 1 farthest; 95 % intervals over topics.",
    rows: shown.map(({ relation, statements }) => `${relationLabels[relation]} (${statements})`),
    sameScale: true,
    panels: [
      {
        title: "By the policy's own vectors",
        zero: false,
        series: [
          { label: embeddingLook.base.label, style: embeddingLook.base.style, values: shown.map(({ rank }) => rank) },
          {
            label: "expected from frequency",
            style: palette.printed,
            values: shown.map(({ rank }) => rank.expected),
            beside: embeddingLook.base.label,
          },
        ],
      },
      {
        title: "By other vectors",
        zero: false,
        series: entriesOf(embeddings)
          .filter(([name]) => name !== "base")
          .map(([name, { tests }]) => {
            const byRelation = new Map(tests.map((test) => [test.relation, test.rank.value]));
            return { ...embeddingLook[name], values: shown.map(({ relation }) => byRelation.get(relation) ?? null) };
          }),
      },
    ],
  });
  return { ...figure, runs };
}

/** Regions of the map that may get a name. */
const regions = 40;

/**
 * All topics in the plane, coloured by group, by score or by gain.
 * @param points [x, y] of each topic of Atlas, in its order
 */
export function topicMap(
  { atlas: { topics, splits } }: Session,
  points: readonly (readonly [number, number])[],
  split: NearFarSplit,
  scores: ReadonlyMap<string, number>,
  gains: ReadonlyMap<string, number>,
): Figure {
  const index = new Map(topics.map(({ id }, i) => [id, i]));
  const percents = (values: ReadonlyMap<string, number>) =>
    new Map([...values].map(([id, value]) => [index.get(id)!, 100 * value]));
  const [score, gain] = [percents(scores), percents(gains)];
  const group = new Map([
    ...split.near.map((id) => [id, 1] as const),
    ...split.far.map((id) => [id, 2] as const),
    ...splits.test.map(({ topic }) => [topic, 3] as const),
  ]);
  const number = (label: string, value: number | undefined, unit: string) =>
    value === undefined ? [] : [`${label} ${value.toFixed(0)} ${unit}`];
  return mapFigure({
    name: "05-topic-map",
    title: "Topics of Atlas by the base policy's own vectors (UMAP)",
    points: topics.map(({ id, kind, name, country }, i) => ({
      x: points[i]![0],
      y: points[i]![1],
      group: group.get(id) ?? 0,
      text: [
        kind === "city" ? `${name}, ${country.name}` : name,
        ...number("score", score.get(i), "%"),
        ...number("gain", gain.get(i), "points"),
      ],
    })),
    note:
      `${topics.length} topics, ${splits.test.length} of them test topics. Names of regions: country or world region ` +
      "that most of their topics share, else how most of their topics' names begin.",
    labels: nameRegions(topics, points, regions).map(({ name, x, y }) => ({ text: name, x, y })),
    groupLabel: "Cluster",
    groups: [
      { label: "others", style: { ...palette.base, color: "#B8BEC6" }, size: 4 },
      { label: "near training topics", style: { ...palette.maskDpo, color: okabeIto.skyBlue }, size: 5 },
      { label: "far training topics", style: { ...palette.dpo, symbol: "diamond" }, size: 5 },
      { label: "test topics", style: { ...palette.contradictory, color: okabeIto.black }, size: 6 },
    ],
    scales: [
      { label: "Score", title: "score of the base policy (%)", values: score, diverging: false },
      { label: "Gain", title: "gain from Mask-DPO (points)", values: gain, diverging: true },
    ],
  });
}
