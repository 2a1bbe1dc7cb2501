/** The map of topics (§4.3): UMAP of the policy's own vectors, coloured by group, score or gain. */
import type { Session } from "../lab/session";
import type { Figure } from "../show/figure/figure";
import { mapFigure } from "../show/figure/map";
import { okabeIto, palette } from "../show/palette";
import type { NearFarSplit } from "../topic/cluster";

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
