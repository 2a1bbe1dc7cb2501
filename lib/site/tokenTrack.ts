/** The slider's numbers, and the inspector's sample: a small training under each mask, computed once and kept. */
import { existsSync } from "node:fs";
import path from "node:path";
import * as tf from "@tensorflow/tfjs";
import { flatLayout, unflatten, type FlatLayout } from "../align/flat";
import { completionTokenLogps } from "../align/track/sequences";
import { codeVersions } from "../base/codeVersions";
import { writeFileAtomic } from "../base/files";
import { parseJson, readJsonl, writeJsonl } from "../base/jsonl";
import { startProgress } from "../base/progress";
import { runFolder } from "../base/runFolder";
import { readText } from "../base/textFile";
import { isHallucination } from "../factuality/verdict";
import type { Session } from "../lab/session";
import { withPolicy, policyHash, type Policy } from "../model/policy";
import { sidesOf } from "../preference/collate";
import { maskKinds, type MaskKind, type Side } from "../preference/mask";
import { preferencePairSchema, type PreferencePair } from "../preference/pair";
import type { Atlas } from "../world/atlas";
import { judgedAnswer, shownPair } from "./atlas/asking";
import type { TokenTrack } from "./atlas/track";
import type { Size } from "./atlas/protocol";
import { stepsOf } from "./atlas/size";
import { samplePairs, trainOn } from "./atlas/training";
import { baseFolder } from "./packAtlas";

export interface SiteRun {
  track: TokenTrack;
  /** all that were trained on */
  pairs: PreferencePair[];
}

const seed = 1;

/** Trains under each mask where that was not done before. Start the engine first. */
export async function siteRun({ runs, engine, atlas }: Session, size: Size): Promise<SiteRun> {
  const code = codeVersions("sampling", "annotation", "pairs", "training");
  const key = { policy: policyHash(baseFolder), size, seed, engine: engine.arithmetic, code };
  const folder = runFolder(runs, "site", key);
  const files = { pairs: path.join(folder, "pairs.jsonl"), track: path.join(folder, "track.json") };
  if (existsSync(files.track)) {
    const track = parseJson(readText(files.track), files.track) as TokenTrack;
    return { track, pairs: readJsonl(files.pairs, preferencePairSchema) };
  }
  return withPolicy(baseFolder, async (policy) => {
    const pairs = await sampled(policy, atlas, size);
    const track = await tracked(policy, atlas, pairs, size);
    writeJsonl(files.pairs, pairs);
    writeFileAtomic(files.track, `${JSON.stringify(track)}\n`);
    return { track, pairs };
  });
}

async function sampled(policy: Policy, atlas: Atlas, size: Size): Promise<PreferencePair[]> {
  const progress = startProgress("pairs for the site", size.pairs);
  const sampling = samplePairs(policy, atlas, size, seed);
  let next = await sampling.next();
  for (; !next.done; next = await sampling.next()) progress.update(Math.min(size.pairs, next.value.length));
  progress.stop();
  return next.value;
}

/** The pair with the most sentences that the mask drops, on the side that has fewer of them. */
function mostMixed(pairs: readonly PreferencePair[]): PreferencePair {
  const dropped = ({ chosen, rejected }: PreferencePair): number => {
    const wrong = chosen.sentences.filter(({ verdict }) => isHallucination(verdict)).length;
    const right = rejected.sentences.filter(({ verdict }) => !isHallucination(verdict)).length;
    return Math.min(wrong, right);
  };
  return pairs.reduce((most, pair) => (dropped(pair) > dropped(most) ? pair : most));
}

async function tracked(
  policy: Policy,
  atlas: Atlas,
  pairs: readonly PreferencePair[],
  size: Size,
): Promise<TokenTrack> {
  const pair = mostMixed(pairs);
  const question = { id: pair.questionId, topic: pair.topic, prompt: pair.prompt };
  const answers = [pair.chosen, pair.rejected].map((side) => judgedAnswer(atlas, question, side));
  const { tokenized, sides } = shownPair(policy, pair, [pair.chosen, pair.rejected], answers, seed);
  const layout = flatLayout(policy.params);
  const progress = startProgress("training for the site", maskKinds.length * stepsOf(size));
  let done = 0;
  const follow = async (mask: MaskKind): Promise<Record<Side, number[][]>> => {
    const logps: Record<Side, number[][]> = { chosen: [], rejected: [] };
    const look = async (at: Policy): Promise<void> => {
      const [chosen, rejected] = await completionTokenLogps(at, sidesOf([tokenized]));
      logps.chosen.push(rounded(chosen!));
      logps.rejected.push(rounded(rejected!));
    };
    await look(policy);
    for await (const { weights } of trainOn(policy, layout, pairs, mask, size, seed)) {
      await withWeights(policy, layout, weights, look);
      progress.update(++done);
    }
    return logps;
  };
  const logps = {} as Record<MaskKind, Record<Side, number[][]>>;
  for (const [i, mask] of maskKinds.entries()) {
    logps[mask] = await follow(mask);
    progress.update((done = (i + 1) * stepsOf(size))); // one that empties sides of pairs has fewer steps
  }
  progress.stop();
  return { question: pair.prompt[0]!.content, pairs: pairs.length, batch: size.batch, sides, logps };
}

async function withWeights(
  policy: Policy,
  layout: FlatLayout,
  weights: Float32Array,
  use: (policy: Policy) => Promise<void>,
): Promise<void> {
  const flat = tf.tensor1d(weights);
  const params = unflatten(flat, layout);
  flat.dispose();
  try {
    await use({ ...policy, params });
  } finally {
    tf.dispose(params);
  }
}

function rounded(logps: Float32Array): number[] {
  return Array.from(logps, (value) => Number(value.toFixed(3)) + 0); // a file has no -0
}
