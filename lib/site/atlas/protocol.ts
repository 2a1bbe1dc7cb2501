/** What the page and its worker say to each other; plain data. */
import type { StepLog } from "../../align/trainOptions";
import type { MaskKind } from "../../preference/mask";
import type { OracleSentence } from "../../world/oracle";

/** What the worker computes with, each gzip in base64: a page opened as a file can fetch nothing. */
export interface PackedAtlas {
  /** JSON of `AtlasInfo` */
  info: string;
  /** weights of the base in 16 bits (F16), one after the other as `weightShapes` has them */
  base: string;
  /** tensors of the adapter in 16 bits, as `adapterShapes` has them */
  adapter: string;
  /** tfjs's WebAssembly with SIMD */
  wasm: string;
}

/** How large a training is: steps = ceil(pairs / batch) * epochs. */
export interface Size {
  pairs: number;
  /** candidates of each question */
  k: number;
  batch: number;
  epochs: number;
}

/** `yours` is what the tab itself trained. */
export type PolicyName = "base" | "aligned" | "yours";

export interface Asked {
  /** id of a topic, and the question about it */
  topic: string;
  question: string;
  /** K candidates of each policy */
  k: number;
  seed: number;
}

export type Request =
  | { kind: "open"; atlas: PackedAtlas }
  | ({ kind: "ask" } & Asked)
  | { kind: "train"; mask: MaskKind; size: Size; seed: number; asked: Asked }
  | { kind: "stop" };

export interface JudgedAnswer {
  completion: string;
  sentences: OracleSentence[];
  /** share of sentences without hallucination, in [0, 1]; none for an empty answer */
  score: number | undefined;
}

/** A token of a pair's side, by its place in the text; without text where it closes it. */
export interface PairToken {
  text: string;
  /** index of its sentence, -1 for none */
  sentence: number;
  kept: Record<MaskKind, boolean>;
}

export interface PairSide {
  /** index among the base's candidates */
  candidate: number;
  score: number;
  sentences: OracleSentence[];
  tokens: PairToken[];
}

/** Log-ratios in nats, a token each, of a policy and the base. */
export type Heat = Record<"chosen" | "rejected", number[]>;

export interface TopicEntry {
  id: string;
  /** as it is shown: "Brno, Czechia" */
  label: string;
  name: string;
  questions: string[];
}

export type Reply =
  | { kind: "ready"; topics: TopicEntry[] }
  | { kind: "answers"; policy: PolicyName; greedy: boolean; answers: JudgedAnswer[] }
  | { kind: "pair"; pair: Record<"chosen" | "rejected", PairSide> | undefined; why: string }
  | { kind: "heat"; policy: PolicyName; heat: Heat }
  | { kind: "progress"; text: string }
  | { kind: "step"; log: StepLog; answer?: JudgedAnswer }
  | { kind: "done"; of: Request["kind"]; stopped: boolean }
  | { kind: "failed"; message: string };
