/** What an experiment did to probabilities on the way (`align/track`): computed once, kept beside its result. */
import { existsSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { trackedOf, trackPointSchema, trackPolicy, type Tracked } from "../align/track/track";
import type { TrainOptions } from "../align/trainOptions";
import { writeFileAtomic } from "../base/files";
import { parseJson, parseRow } from "../base/jsonl";
import { Rng } from "../base/rng";
import { readText } from "../base/textFile";
import { withPolicy } from "../model/policy";
import type { PreferencePair } from "../preference/pair";
import { renderAnswerTo } from "../world/render";
import { evaluationQuestions } from "./questions";
import type { Session } from "./session";

const trackSchema = z
  .object({
    /** what is looked at */
    slots: z.number(),
    pairs: z.number(),
    heldOut: z.number(),
    points: z.array(trackPointSchema.extend({ step: z.number() })),
  })
  .strict();
/** From the policy before training, at step 0, to the one that came out. */
export type Track = z.output<typeof trackSchema>;

/** Pairs that are looked at, as many right answers on validation topics, and policies on the way. */
const most = { looked: 64, points: 8 } as const;

/** Steps on the way at which a policy is kept, evenly; the last one is not among them. */
export function trackSteps(pairs: number, { batch, epochs }: TrainOptions): number[] {
  const steps = Math.ceil(pairs / batch) * epochs;
  const even = Array.from({ length: most.points - 1 }, (_, i) => Math.round(((i + 1) * steps) / most.points));
  return [...new Set(even)].filter((step) => step > 0 && step < steps);
}

const fileIn = (folder: string): string => path.join(folder, "track.json");

/** The track of an experiment's folder, where it was computed. @throws UserError for a damaged file */
export function knownTrack(folder: string): Track | undefined {
  const file = fileIn(folder);
  return existsSync(file) ? parseRow(trackSchema, parseJson(readText(file), file), file) : undefined;
}

/** A policy on the way, as a folder. */
export interface PolicyAt {
  step: number;
  dir: string;
}

/** Looks at policies and keeps what it saw. @param pairs they were trained on */
export async function writeTrack(
  session: Session,
  folder: string,
  pairs: readonly PreferencePair[],
  policies: readonly PolicyAt[],
): Promise<void> {
  const { atlas } = session;
  const looked = Math.min(most.looked, session.preset.evaluationQuestions);
  const seen = pairs.slice(0, looked);
  const rng = new Rng("right answers");
  const answers = evaluationQuestions(session, "validation", looked).map((question) => ({
    prompt: question.prompt,
    completion: renderAnswerTo(atlas, question, rng.fork(question.id)),
  }));
  let tracked: Tracked | undefined;
  const points: Track["points"] = [];
  for (const { step, dir } of policies) {
    await withPolicy(dir, async (policy) => {
      tracked ??= trackedOf(atlas, policy.tokenizer, seen, answers);
      points.push({ step, ...(await trackPolicy(policy, tracked)) });
    });
  }
  const sizes = { slots: tracked?.slots.length ?? 0, pairs: seen.length, heldOut: answers.length };
  writeFileAtomic(fileIn(folder), `${JSON.stringify({ ...sizes, points })}\n`);
}
