/** Tables and headline numbers of notebook 05. */
import { runsOf } from "../show/provenance";
import { mean } from "../base/stats";
import type { NearFarSplit } from "../topic/cluster";
import { entriesOf, type ByEmbedding, type EmbeddingName } from "../topic/embedding";
import type { GainAgainstDistance } from "../topic/gainDistance";
import type { GraphTest } from "../topic/hallucinationGraph";
import type { HeadlineNumber } from "../lab/headline";
import { palette, type SeriesStyle } from "../show/palette";
import type { Column, Table } from "../show/table";
import type { LayerChoice } from "../lab/topicEmbeddings";
import { relationLabels } from "../world/relationLabels";
import { nearestTraining, type DirectTest, type EmbeddingTest } from "./topicGraph";

/** An embedding's name in tables and figures, and its look. */
export const embeddingLook: Readonly<Record<EmbeddingName, { label: string; style: SeriesStyle }>> = {
  base: { label: "base policy (own)", style: palette.maskDpo },
  other: { label: "other policy", style: palette.dpo },
  words: { label: "words of the facts", style: palette.chosen },
  served: { label: "served", style: palette.rejected },
  geography: { label: "geography", style: palette.inverted },
  random: { label: "random", style: palette.base },
};

const byEmbedding: Column = { key: "embedding", label: "Embedding" };

/** How the layer was chosen, for each policy; the chosen one is marked. */
export function layerTable(choices: Readonly<Partial<Record<EmbeddingName, LayerChoice>>>): Table {
  const names = Object.keys(choices) as EmbeddingName[];
  const layers = Math.max(...names.map((name) => choices[name]!.ranks.length));
  return {
    runs: runsOf(...names.map((name) => choices[name]!)),
    name: "05-layers",
    caption:
      "Mean relative rank of the base policy's wrong statements on validation topics (0 nearest, 1 farthest), " +
      "by the layer that embeds the topics; * lowest",
    columns: [
      { key: "layer", label: "Layer" },
      ...names.map((name) => ({ key: name, label: embeddingLook[name].label, align: "right" as const })),
    ],
    rows: Array.from({ length: layers }, (_, layer) => ({
      layer: layer === 0 ? "0 (embeddings)" : String(layer),
      ...Object.fromEntries(names.map((name) => [name, rankCell(choices[name]!, layer)])),
    })),
  };
}

function rankCell({ ranks, layer: chosen }: LayerChoice, layer: number): string | null {
  const rank = ranks[layer];
  if (!rank || !Number.isFinite(rank.value)) return null;
  const [value, low, high] = [rank.value, rank.low, rank.high].map((x) => x.toFixed(3));
  return `${value} [${low}, ${high}]${layer === chosen ? " *" : ""}`;
}

/** Sizes and distances of the near and far groups, and how far they agree with the base policy's. */
export function splitTable(splits: ByEmbedding<NearFarSplit>): Table {
  const shared = ({ near }: NearFarSplit) => {
    const own = new Set(splits.base.near);
    return (100 * near.filter((id) => own.has(id)).length) / near.length;
  };
  const away = (group: readonly string[], { distance }: NearFarSplit) =>
    group.length === 0 ? null : mean(group.map((id) => distance.get(id)!));
  return {
    name: "05-near-far",
    caption:
      "Near and far halves of the training topics (§4.3): mean distance to the nearest test topic, " +
      "each embedding in its own units",
    columns: [
      byEmbedding,
      { key: "topics", label: "Topics a group" },
      { key: "centres", label: "Test topics that are a centre" },
      { key: "near", label: "Distance, near", digits: 3 },
      { key: "far", label: "Distance, far", digits: 3 },
      { key: "shared", label: "Near topics also near by own (%)", digits: 0 },
    ],
    rows: entriesOf(splits).map(([name, split]) => ({
      embedding: embeddingLook[name].label,
      topics: split.near.length,
      centres: new Set(split.centre.values()).size,
      near: away(split.near, split),
      far: away(split.far, split),
      shared: split.near.length === 0 ? null : shared(split),
    })),
  };
}

/** The direct test of Eq. 8 over all relations, a row per embedding. */
export function directTestTable({ embeddings, runs }: DirectTest): Table {
  return {
    runs,
    name: "05-direct-test",
    caption:
      "Wrong statements of the base policy (test, sampled): mean relative rank of the stated value " +
      "by the distance of its nearest topic",
    columns: [
      byEmbedding,
      { key: "rank", label: "Rank [95 %]", digits: 3 },
      { key: "expected", label: "Rank expected from frequency", digits: 3 },
      { key: "p", label: "p", digits: 4 },
      { key: "rho", label: "Spearman, frequency and distance", digits: 3 },
      { key: "rhoExpected", label: "expected", digits: 3 },
      { key: "rhoP", label: "p", digits: 4 },
      { key: "difference", label: "Rank minus own [95 %]", digits: 3 },
      { key: "differenceP", label: "p", digits: 4 },
    ],
    rows: entriesOf(embeddings).flatMap(([name, { tests, minusBase }]) => {
      const [all] = tests;
      return all
        ? [
            {
              embedding: embeddingLook[name].label,
              ...testCells(all),
              difference: minusBase ?? null,
              differenceP: minusBase?.p ?? null,
            },
          ]
        : [];
    }),
  };
}

/** The same for every relation, by one embedding. */
export function relationTestTable({ embeddings, runs }: DirectTest, name: EmbeddingName): Table {
  return {
    runs,
    name: `05-relations-${name}`,
    caption: `The direct test by relation, embedding: ${embeddingLook[name].label}`,
    columns: [
      { key: "relation", label: "Relation" },
      { key: "statements", label: "Wrong statements" },
      { key: "topics", label: "Topics" },
      { key: "rank", label: "Rank [95 %]", digits: 3 },
      { key: "expected", label: "Rank expected from frequency", digits: 3 },
      { key: "p", label: "p", digits: 4 },
      { key: "rho", label: "Spearman", digits: 3 },
      { key: "rhoExpected", label: "expected", digits: 3 },
      { key: "rhoP", label: "p", digits: 4 },
    ],
    rows: (embeddings[name]?.tests ?? []).map((test) => ({
      relation: relationLabels[test.relation],
      statements: test.statements,
      topics: test.topics,
      ...testCells(test),
    })),
  };
}

function testCells({ rank, correlation }: GraphTest) {
  const known = Number.isFinite(rank.low) ? { value: rank.value, low: rank.low, high: rank.high } : rank.value;
  return {
    rank: known,
    expected: rank.expected,
    p: rank.p,
    rho: correlation.value,
    rhoExpected: correlation.expected,
    rhoP: correlation.p,
  };
}

/** Gain of unseen topics against distance, a row per embedding. */
export function gainDistanceTable(gains: ByEmbedding<GainAgainstDistance>): Table {
  const known = (value: number) => (Number.isNaN(value) ? null : value);
  return {
    name: "05-gain-distance",
    caption:
      "Gain of test topics from alignment against their mean distance to " +
      `the ${nearestTraining} nearest training topics`,
    columns: [
      byEmbedding,
      { key: "topics", label: "Test topics" },
      { key: "rho", label: "Spearman", digits: 3 },
      { key: "p", label: "p (permutation)", digits: 4 },
    ],
    rows: entriesOf(gains).map(([name, { topics, rho, p }]) => ({
      embedding: embeddingLook[name].label,
      topics,
      rho: known(rho),
      p: known(p),
    })),
  };
}

/** Headline numbers of notebook 05; the paper has none of them. */
export function graphNumbers(
  { embeddings, runs }: DirectTest,
  gains: ByEmbedding<GainAgainstDistance>,
): HeadlineNumber[] {
  const none = { value: NaN, low: NaN, high: NaN };
  const rank = ([name, { tests }]: [EmbeddingName, EmbeddingTest]): HeadlineNumber => {
    const { value, low, high } = tests[0]?.rank ?? none;
    return {
      what: `rank of wrong values by distance, ${embeddingLook[name].label} (Eq. 8)`,
      unit: "0-1",
      paper: null,
      here: { value, low, high },
      runs,
    };
  };
  return [
    ...entriesOf(embeddings).map(rank),
    {
      what: "Spearman of gain and distance to training topics, own (§4.3)",
      unit: "rho",
      paper: null,
      here: gains.base.rho,
    },
  ];
}
