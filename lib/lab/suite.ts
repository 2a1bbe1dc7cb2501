/**
 * The alignments behind the paper's tables and what goes beyond them, at the size of a preset, notebook by notebook.
 * Tables share experiments: what is equal by content runs once.
 */
import type { MaskKind } from "../preference/mask";
import type { EvaluationName } from "./evaluate";
import type { Experiment } from "./experiment";
import type { PairSource } from "./pairSource";
import { seedsOf, type PolicyName, type Session } from "./session";
import type { EmbeddingName } from "../topic/embedding";

/** Mask-DPO as the preset has it (§2.2, App. A), with changes. */
export interface Setting {
  policy?: PolicyName;
  pairs?: Partial<PairSource>;
  mask?: MaskKind;
  /** times the preset's learning rate */
  lrScale?: number;
  snapshots?: boolean;
}

/** A row of a table before it is run. */
export interface ArmSpec {
  label: string;
  setting: Setting;
  /** how many, from the session's on */
  seeds: number;
  evaluations: readonly EvaluationName[];
}

/** The experiment of a setting at a seed. Pairs are sampled from the policy itself unless the setting says otherwise. */
export function experimentOf({ preset }: Session, seed: number, { policy = "base", pairs, mask = "paper", lrScale = 1, snapshots = false }: Setting): Experiment {
  const { candidates: k, topics, questionsPerTopic, training } = preset;
  return { policy, pairs: { author: policy, document: false, annotator: "sentences", k, topics, questionsPerTopic, ...pairs }, mask, training: { ...training, lr: training.lr * lrScale }, seed, snapshots };
}

const sampled: readonly EvaluationName[] = ["test sampled"];
const everything: readonly EvaluationName[] = ["test sampled", "test greedy", "ood sampled"];

/** Table 2 and its controls: the same pairs under each mask, with snapshots on the way. */
export function maskArms({ preset }: Session): Record<MaskKind, ArmSpec> {
  const arm = (mask: MaskKind, label: string): ArmSpec => ({ label, setting: { mask, snapshots: true }, seeds: preset.maskSeeds, evaluations: everything });
  return { paper: arm("paper", "Mask-DPO"), none: arm("none", "DPO (no mask)"), random: arm("random", "random mask"), inverted: arm("inverted", "inverted mask") };
}

/** Table 1's FactTune: plain DPO on pairs that another annotator chose. */
export function factTuneArm({ preset }: Session): ArmSpec {
  return { label: "FactTune-style", setting: { mask: "none", pairs: { annotator: "facts" } }, seeds: preset.seeds, evaluations: everything };
}

/** Two masks under conditions in which right and wrong are more or less mixed, and steps more or fewer. */
export type Condition = `K = ${number}` | `${string} of the topics` | "a quarter of the learning rate";

/** Mask-DPO and DPO where the mask may matter more or less: few candidates, few pairs, small steps. */
export function conditionArms({ preset }: Session): Record<Condition, Record<"paper" | "none", ArmSpec>> {
  const both = (setting: Setting): Record<"paper" | "none", ArmSpec> => ({
    paper: { label: "Mask-DPO", setting: { ...setting, mask: "paper" }, seeds: preset.seeds, evaluations: sampled },
    none: { label: "DPO (no mask)", setting: { ...setting, mask: "none" }, seeds: preset.seeds, evaluations: sampled },
  });
  const fewer = [2, 4, 8, 16].filter((k) => k < preset.candidates).map((k) => [`K = ${k}`, both({ pairs: { k } })]);
  const thirds = ([1, 2] as const).map((part) => [`${part}/3 of the topics`, both({ pairs: { topics: part * preset.topics / 3 } })]);
  return Object.fromEntries([...fewer, ...thirds, ["a quarter of the learning rate", both({ lrScale: 1 / 4 })]]) as Record<Condition, Record<"paper" | "none", ArmSpec>>;
}

/** Table 3: who samples the candidates. */
export function samplingArms({ preset }: Session): Record<"other" | "document", ArmSpec> {
  const arm = (label: string, pairs: Partial<PairSource>): ArmSpec => ({ label, setting: { pairs }, seeds: preset.seeds, evaluations: everything });
  return { other: arm("other policy", { author: "other" }), document: arm("policy + document", { document: true }) };
}

/** Table 4: a third or two thirds of the topics, or of the questions of every topic; all of both is Mask-DPO itself. */
export function scalingArms({ preset }: Session): Record<"topic1" | "topic2" | "question1" | "question2", ArmSpec> {
  const arm = (label: string, pairs: Partial<PairSource>): ArmSpec => ({ label, setting: { pairs }, seeds: preset.seeds, evaluations: sampled });
  const { topics } = preset;
  return {
    topic1: arm("1/3 of the topics", { topics: topics / 3 }), topic2: arm("2/3 of the topics", { topics: (2 * topics) / 3 }),
    question1: arm("1 question a topic", { questionsPerTopic: 1 }), question2: arm("2 questions a topic", { questionsPerTopic: 2 }),
  };
}

/** Near and far group of one embedding (for "random": two random groups). */
export interface GroupArms {
  policy: "base" | "other";
  embedding: EmbeddingName;
  /** of the training topics in each group: half in the paper; smaller groups are farther apart */
  share: number;
  near: ArmSpec;
  far: ArmSpec;
}

/** The paper's kinds: the policy's own vectors, another policy's, words, chance. */
const groupEmbeddings = ["base", "other", "words", "random"] as const;

/** Table 5: halves by each embedding for both policies; and sixths by the policy's own and by chance. */
export function groupArms({ preset }: Session): GroupArms[] {
  const arms = (policy: "base" | "other", embedding: EmbeddingName, share: number): GroupArms => {
    const arm = (distance: "near" | "far"): ArmSpec => ({ label: distance, setting: { policy, pairs: { group: { embedding, distance, share } } }, seeds: preset.seeds, evaluations: sampled });
    return { policy, embedding, share, near: arm("near"), far: arm("far") };
  };
  const halves = (["base", "other"] as const).flatMap((policy) => groupEmbeddings.map((embedding) => arms(policy, embedding, 1 / 2)));
  return [...halves, ...(["base", "random"] as const).map((embedding) => arms("base", embedding, 1 / 6))];
}

/** All arms of a notebook, by its number. */
export function armsOfNotebook(session: Session, notebook: string): ArmSpec[] {
  switch (notebook) {
    case "02": return [...Object.values(maskArms(session)), factTuneArm(session), ...Object.values(conditionArms(session)).flatMap(({ paper, none }) => [paper, none])];
    case "03": return [maskArms(session).paper, ...Object.values(samplingArms(session))];
    case "04": return [maskArms(session).paper, ...Object.values(scalingArms(session))];
    case "05": return [maskArms(session).paper, ...groupArms(session).flatMap(({ near, far }) => [near, far])];
    case "06": return [maskArms(session).paper];
    default: return [];
  }
}

/** The experiments of arms. */
export function requestsOf(session: Session, specs: readonly ArmSpec[]): { experiment: Experiment; evaluations: readonly EvaluationName[] }[] {
  return specs.flatMap(({ setting, seeds, evaluations }) => seedsOf(session, seeds).map((seed) => ({ experiment: experimentOf(session, seed, setting), evaluations })));
}
