/**
 * A small alignment from beginning to end (§2.2): questions, candidates, verdicts, pairs, masked DPO. The same in a tab
 * and where the site is built.
 */
import { localCompute } from "../../align/compute";
import { computeLogps, weightedSums } from "../../align/completionLogps";
import { flatten, type FlatLayout } from "../../align/flat";
import { chooseObjective } from "../../align/objective/registry";
import { train } from "../../align/train";
import { trainingPairs } from "../../align/trainingPairs";
import { paperTraining, type StepLog, type TrainOptions } from "../../align/trainOptions";
import { chunks } from "../../base/collections";
import { Rng } from "../../base/rng";
import { annotateCandidates } from "../../factuality/annotator";
import { paperSampling } from "../../model/generate";
import type { Policy } from "../../model/policy";
import { sampleCandidates } from "../../preference/candidate";
import type { MaskKind } from "../../preference/mask";
import { buildPairs, type PreferencePair } from "../../preference/pair";
import { tokenizeFor } from "../../preference/tokenizeFor";
import type { Atlas } from "../../world/atlasOf";
import { atlasAnnotator } from "../../world/oracle";
import { maxNewTokens } from "./asking";
import type { Size } from "./protocol";

/** Questions sampled together. */
const together = 32;

/** Rate and strength: the middle of the lab's grid (data/atlas/TUNING.md), the rate doubled for so few steps. */
function optionsOf({ batch, epochs }: Size): TrainOptions {
  const objective = chooseObjective("dpo", { beta: 0.5 });
  return { ...paperTraining, objective, lr: 2e-4, batch, microbatch: batch, epochs };
}

/** Yields pairs as they are found among training questions in a seeded order, until there are enough. */
export async function* samplePairs(
  policy: Policy,
  atlas: Atlas,
  { pairs: wanted, k }: Size,
  seed: number,
): AsyncGenerator<PreferencePair[], PreferencePair[]> {
  const questions = new Rng(seed).fork("site questions").shuffle(atlas.splits.train);
  const found: PreferencePair[] = [];
  for (const asked of chunks(questions, together)) {
    const candidates = [];
    const sampling = { ...paperSampling, maxNewTokens };
    for await (const own of sampleCandidates(policy, asked, k, sampling, seed)) candidates.push(...own);
    const annotated = await annotateCandidates(candidates, asked, atlasAnnotator(atlas));
    found.push(...buildPairs(annotated, asked, { seed }).pairs);
    yield found;
    if (found.length >= wanted) break;
  }
  return found.slice(0, wanted);
}

/** After a step: its log, and the weights [P] that it left. */
export interface Stepped {
  log: StepLog;
  weights: Float32Array;
}

/**
 * Trains all weights of a policy, which is the reference and stays as it is. Pairs whose side the mask empties are left
 * out, so that there may be fewer steps.
 */
export async function* trainOn(
  { model, params, tokenizer }: Policy,
  layout: FlatLayout,
  pairs: readonly PreferencePair[],
  mask: MaskKind,
  size: Size,
  seed: number,
): AsyncGenerator<Stepped> {
  const options = optionsOf(size);
  const tokenized = tokenizeFor(tokenizer, model.config, pairs, mask, seed);
  const { pairs: training } = trainingPairs(tokenized, options.objective, model.config.maxPositions);
  const compute = localCompute(model, layout, training);
  const initial = flatten(layout.names.map((name) => params[name]!));
  try {
    const reference = weightedSums(await computeLogps(compute, initial, training), training);
    let weights: Float32Array | undefined;
    const checkpoint = (state: { weights: Float32Array }): void => void (weights = state.weights);
    const rng = new Rng(seed).fork("train");
    const steps = train({
      initial,
      compute,
      pairs: training,
      reference,
      options,
      rng,
      checkpoint,
      checkpointEvery: 1,
    });
    let log: StepLog | undefined;
    for await (const next of steps) {
      if (log) yield { log, weights: weights! }; // the weights of a step come once its log was taken
      log = next;
    }
    if (log) yield { log, weights: weights! };
  } finally {
    initial.dispose();
    compute.close();
  }
}
