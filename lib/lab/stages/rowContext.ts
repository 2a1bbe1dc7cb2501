/** What a stage's rows are made from, and what comes of it. */
import type { Tokenized } from "../../preference/collate";
import type { TrainingRow } from "../../preference/demonstration";
import type { Session } from "../session";

export interface RowContext {
  /** with the seed of the chain */
  session: Session;
  /** the policy that the stage begins from, and that with which its chain began */
  policyDir: string;
  firstDir: string;
  /** policies trained on pairs as they are and the other way round, where a source asks for them */
  contrast?: Record<"plus" | "minus", string>;
}

export interface MadeRows {
  rows: TrainingRow[];
  /** what was found out on the way, by name */
  measures: Record<string, number>;
  /** other weights of tokens, and what was found out about them */
  reweigh?: (tokenized: Tokenized) => Promise<{ tokenized: Tokenized; measures: Record<string, number> }>;
}
