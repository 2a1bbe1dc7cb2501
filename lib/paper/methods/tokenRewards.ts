/** Rewards of tokens from verdicts, on-policy in rounds (RLFH, FSPO), by how finely they are told. */
import type { Session } from "../../lab/session";
import type { Granularity } from "../../lab/stages/rewarded";
import type { StagedArm, StagedSpec } from "../../lab/stages/runStages";
import type { Stage } from "../../lab/stages/stage";
import { pairRows, sampledOf, stage, staged, trainingOf, type MethodComparison } from "./staged";

type Key = Granularity | "pairs";

const rounds = 3;

/** Each round has a third of the topics; two answers a question in batches twice as large, for as many steps. */
export function tokenRewardArms(session: Session): Record<Key, StagedSpec> {
  const { batch } = session.preset.training;
  const inRounds = (make: (from: number, to: number) => Stage): Stage[] =>
    Array.from({ length: rounds }, (_, i) => make(i / rounds, (i + 1) / rounds));
  const rewarded = (granularity: Granularity, label: string): StagedSpec => {
    const training = trainingOf(session, "dpo", { batch: 2 * batch });
    return staged(
      session,
      label,
      ...inRounds((from, to) => stage({ rows: "rewarded", granularity, from, to }, training)),
    );
  };
  return {
    pairs: staged(
      session,
      "DPO, refreshed 3 times",
      ...inRounds((from, to) => stage(pairRows("best-worst", from, to), trainingOf(session, "dpo"))),
    ),
    answer: rewarded("answer", "rewards of answers (GRPO-like)"),
    sentence: rewarded("sentence", "rewards of sentences (RLFH-like)"),
    flipped: rewarded("flipped", "rewards of answers, flipped by sentences (FSPO-like)"),
  };
}

export function tokenRewardComparisons(arms: Record<Key, StagedArm>): MethodComparison[] {
  const of = (key: Key) => sampledOf(arms[key]);
  const limits = "no value model, clipping or KL term: a margin of advantages under DPO's sigmoid, in three rounds";
  return [
    {
      method: "RLFH",
      text: "rewards of sentences > of answers",
      theirs: "FActScore .639 to .686 over its base (Llama 3.1 8B; from a summary); finer rewards are better",
      higher: of("sentence"),
      lower: of("answer"),
      limits,
    },
    {
      method: "FSPO",
      text: "advantages flipped by sentences > of answers",
      theirs: "fewer hallucinations, GSM8K 89.5 against 73.2 of its base (Qwen 2.5 7B; by its README)",
      higher: of("flipped"),
      lower: of("answer"),
      limits,
    },
    {
      method: "RLFH",
      text: "rewards of sentences > best and worst, refreshed",
      theirs: "not in the paper",
      higher: of("sentence"),
      lower: of("pairs"),
      limits,
    },
  ];
}
