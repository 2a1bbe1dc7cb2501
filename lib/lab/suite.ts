/**
 * The experiments of the paper's tables and of what goes beyond them, at the size of a preset. Tables share
 * experiments: what is the same is the same object by content and runs once.
 */
import type { MaskKind } from "../preference/mask";
import type { Experiment } from "./experiment";
import type { PairSource } from "./pairSource";
import type { PolicyName, Session } from "./session";
import { embeddingNames, type EmbeddingName } from "./topicEmbeddings";

export { embeddingNames };

/** One or several changes to the paper's setting. */
export interface Setting {
  policy?: PolicyName;
  pairs?: Partial<PairSource>;
  mask?: MaskKind;
  lr?: number;
  snapshots?: boolean;
}

/** Mask-DPO as the preset has it (§2.2, App. A), with changes. Pairs are sampled from the policy itself unless said otherwise. */
export function experimentOf({ preset }: Session, seed: number, { policy = "base", pairs, mask = "paper", lr = preset.training.lr, snapshots = false }: Setting = {}): Experiment {
  const { candidates: k, topics, questionsPerTopic } = preset;
  return { policy, pairs: { author: policy, document: false, annotator: "sentences", k, topics, questionsPerTopic, ...pairs }, mask, training: { ...preset.training, lr }, seed, snapshots };
}

/** Table 2 and its controls: the same pairs under each mask, with snapshots on the way. */
export const maskSettings = {
  paper: { mask: "paper", snapshots: true },
  none: { mask: "none", snapshots: true },
  inverted: { mask: "inverted", snapshots: true },
  random: { mask: "random", snapshots: true },
} as const satisfies Record<MaskKind, Setting>;

/** Table 1's FactTune: plain DPO on pairs that another annotator chose. */
export const factTuneSetting: Setting = { mask: "none", pairs: { annotator: "facts" } };

/** Table 3: who writes the candidates. */
export const samplingSettings = {
  policy: maskSettings.paper,
  other: { pairs: { author: "other" } },
  document: { pairs: { document: true } },
} as const satisfies Record<string, Setting>;

/** A third, two thirds or all of the topics, or of the questions of each topic (Table 4). */
export const scalingParts = [1, 2, 3] as const;
export function scalingSetting({ preset }: Session, dimension: "topic" | "question", thirds: (typeof scalingParts)[number], mask: "paper" | "none" = "paper"): Setting {
  if (thirds === 3) return maskSettings[mask];
  return { mask, pairs: dimension === "topic" ? { topics: Math.round((preset.topics * thirds) / 3) } : { questionsPerTopic: Math.max(1, Math.round((preset.questionsPerTopic * thirds) / 3)) } };
}

/** Numbers of candidates: fewer of them leave right and wrong more mixed in the pairs. */
export function candidateCounts({ preset }: Session): number[] {
  return [2, 4, 8, 16, 32].filter((k) => k < preset.candidates).concat(preset.candidates);
}

export function candidateSetting({ preset }: Session, k: number, mask: "paper" | "none"): Setting {
  return k === preset.candidates ? maskSettings[mask] : { mask, pairs: { k } };
}

/** A quarter of the learning rate: nearer to the paper's regime of small changes. */
export function slowSetting({ preset }: Session, mask: "paper" | "none"): Setting {
  return { mask, lr: preset.training.lr / 4 };
}

/** Table 5 halves the training topics; the smaller groups are ours. */
export const groupShares = [1 / 2, 1 / 6] as const;
export function groupSetting(policy: "base" | "other", embedding: EmbeddingName, distance: "near" | "far", share: number): Setting {
  return { policy, pairs: { group: { embedding, distance, share } } };
}
