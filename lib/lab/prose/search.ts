/**
 * Rate and beta of each way, chosen on validation topics by one rule: of the settings that leave at least nine tenths
 * of the base's supported sentences an answer, the one with the highest score (Eq. 4), sampled; where none does, the
 * one that leaves most. A score alone would choose the setting that says least.
 */
import { rmSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { codeVersions } from "../../base/codeVersions";
import { sum } from "../../base/collections";
import { hashOf } from "../../base/hash";
import type { Traced } from "../../show/provenance";
import { kept } from "../kept";
import { bestTelling } from "../telling";
import { evaluateProse } from "./evaluate";
import { alignProse, prosePairs, proseWayNames, type ProseSetting, type ProseWay } from "./experiment";
import type { ProseStudy } from "./study";
import type { ProseTotals } from "./totals";

const number = z.number();
const trialSchema = z
  .object({
    lr: number,
    beta: number,
    score: number,
    supported: number,
    noFact: number,
    /** run folder of its policy */
    policy: z.string(),
  })
  .strict();
/** On validation: score in percent, supported and no-fact sentences an answer. */
export type Trial = z.output<typeof trialSchema>;
type Outcome = Pick<Trial, "score" | "supported" | "noFact">;

export interface Search extends Traced {
  base: Outcome;
  trials: Record<ProseWay, Trial[]>;
  chosen: Record<ProseWay, ProseSetting>;
}

/** Tries every setting of every way. Of the policies, half a gigabyte each, those stay that are an arm's as well. */
export async function searchProse(study: ProseStudy): Promise<Search> {
  const { size, base: dir, baseHash } = study;
  const before = await evaluateProse(study, { dir, hash: baseHash }, "validation", "sampled");
  const base = outcome(before.value);
  const runs = [before.run];
  const trials = {} as Search["trials"];
  const chosen = {} as Search["chosen"];
  for (const way of proseWayNames) {
    trials[way] = [];
    for (const lr of size.rates)
      for (const beta of size.betas) {
        const { value, run } = await tried(study, way, { lr, beta });
        trials[way].push(value);
        runs.push(run);
      }
    const best = bestTrial(trials[way], base.supported);
    chosen[way] = { lr: best.lr, beta: best.beta };
    for (const trial of trials[way])
      if (trial !== best || size.searchTopics < size.topics)
        rmSync(path.join(study.session.runs, trial.policy, "policy"), { recursive: true, force: true });
  }
  return { base, trials, chosen, runs };
}

/** @param supported sentences an answer of the base */
export function bestTrial(trials: readonly Trial[], supported: number): Trial {
  return bestTelling(trials, supported, { score: (trial) => trial.score, told: (trial) => trial.supported });
}

async function tried(study: ProseStudy, way: ProseWay, setting: ProseSetting): Promise<{ value: Trial; run: string }> {
  const { size, session, questions } = study;
  const pairs = await prosePairs(study);
  const key = {
    pairs: pairs.run,
    way,
    ...setting,
    topics: size.searchTopics,
    training: size.training,
    validation: hashOf(questions.validation),
    samples: size.samples,
    seed: session.seed,
    engine: session.engine.arithmetic,
    code: codeVersions("sampling", "gazetteer", "training", "evaluation"),
  };
  return kept(session, "prose-trial", key, trialSchema, async () => {
    const { value: aligned, run } = await alignProse(study, { way, ...setting, topics: size.searchTopics });
    const { value } = await evaluateProse(study, aligned, "validation", "sampled");
    return { ...setting, ...outcome(value), policy: run };
  });
}

function outcome({ answers: { sums } }: ProseTotals): Outcome {
  const perAnswer = (of: "correct" | "noFact") => sum(sums[of]) / sum(sums.answers);
  return {
    score: 100 * (1 - sum(sums.incorrect) / Math.max(1, sum(sums.sentences))),
    supported: perAnswer("correct"),
    noFact: perAnswer("noFact"),
  };
}
