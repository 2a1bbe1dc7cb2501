/** What a notebook opens first: engine, preset, seed, the world, and where results go. */
import path from "node:path";
import { UserError } from "../base/check";
import { projectRoot } from "../base/files";
import { cpuWorkers } from "../base/workers";
import { startEngine, type Engine } from "../engine/backend";
import { policyHash, startEngineFor } from "../model/policy";
import type { Asking } from "../world/agenda";
import { atlasFolder } from "../world/facts";
import { loadAtlas, type Atlas } from "../world/atlas";
import { baseFolder, worlds, type WorldName } from "../world/worlds";
import { defaultPreset, maxNewTokens, preset, type Preset } from "./preset";
import { readTuning, tuningFile, type Tuning } from "./tuning";

export interface Session {
  engine: Engine;
  world: WorldName;
  preset: Preset;
  seed: number;
  atlas: Atlas;
  /** grids of rates and strengths that were tried on validation topics: where arms have theirs from */
  tuning: Tuning;
  /** folders of the policy to align, and of an independent one */
  baseDir: string;
  otherDir: string;
  /** run folders */
  runs: string;
  /** figures and tables */
  figures: string;
  /** experiments that run side by side */
  jobs: number;
  /** the model behind a server whose embeddings are one more of §4.3; none unless it is named */
  embeddings?: EmbeddingServer;
}

export interface EmbeddingServer {
  /** with the version: http://127.0.0.1:8000/v1 */
  url: string;
  model: string;
}

/** The policies that ship: the one that is aligned, an independent one, and a larger one (Table 1). */
export const policyNames = ["base", "other", "large"] as const;
export type PolicyName = (typeof policyNames)[number];

/** Hugging Face folder of a policy that ships. */
export function policyDir(session: Session, name: PolicyName): string {
  return { base: session.baseDir, other: session.otherDir, large: path.join(atlasFolder, "large") }[name];
}

const shippedHashes = new Map<string, string>();

/** `policyHash` of a policy that ships: read once a process, since every experiment's name holds it. */
export function shippedHash(session: Session, name: PolicyName): string {
  const dir = policyDir(session, name);
  const hash = shippedHashes.get(dir) ?? policyHash(dir);
  shippedHashes.set(dir, hash);
  return hash;
}

/** What of its world a key of results holds beside its base: nothing where answers choose what to state. */
export function worldKey({ world }: Session): { asking?: Asking } {
  const { asking } = worlds[world];
  return asking === "free" ? {} : { asking };
}

/** Seeds of a claim: the session's and those after it. */
export function seedsOf({ seed }: Session, count: number): number[] {
  return Array.from({ length: count }, (_, i) => seed + i);
}

/**
 * Choices not given come from MASK_DPO_PRESET, MASK_DPO_SEED, MASK_DPO_RUNS, MASK_DPO_FIGURES and MASK_DPO_JOBS, which
 * `mask-dpo reproduce` sets; a server of embeddings from MASK_DPO_EMBEDDINGS_SERVER and MASK_DPO_EMBEDDINGS_MODEL.
 * @param choices `large`: a model of more than 64M weights will compute (`startEngine`)
 * @throws UserError where the base of the world is not there, or a server of embeddings is named without its model
 */
export async function openSession(
  choices: { preset?: string; seed?: number; large?: boolean; world?: WorldName } = {},
): Promise<Session> {
  const {
    MASK_DPO_PRESET,
    MASK_DPO_SEED = "1",
    MASK_DPO_RUNS,
    MASK_DPO_FIGURES,
    MASK_DPO_JOBS,
    MASK_DPO_MODEL,
  } = process.env;
  const engine = await (MASK_DPO_MODEL ? startEngineFor(MASK_DPO_MODEL) : startEngine({ large: choices.large }));
  const seed = choices.seed ?? Number(MASK_DPO_SEED);
  if (!/^\d+$/.test(MASK_DPO_SEED) || !Number.isInteger(seed))
    throw new UserError({
      where: "MASK_DPO_SEED",
      expected: "a whole number",
      got: MASK_DPO_SEED,
      fix: "Pass --seed 3, say.",
    });
  const world = choices.world ?? "atlas";
  const { base, asking } = worlds[world];
  const size = preset(choices.preset ?? MASK_DPO_PRESET ?? defaultPreset(engine.name));
  return {
    engine,
    world,
    seed,
    preset: asking === "fixed" ? { ...size, maxNewTokens } : size, // an answer that is cut is refused whole
    atlas: loadAtlas(asking),
    tuning: readTuning(tuningFile(world)),
    baseDir: baseFolder(base),
    otherDir: path.join(atlasFolder, "other"),
    runs: MASK_DPO_RUNS ?? path.join(projectRoot, "data/runs"),
    jobs: Number(MASK_DPO_JOBS ?? cpuWorkers),
    figures: MASK_DPO_FIGURES ?? path.join(projectRoot, "figures"),
    embeddings: embeddingServer(),
  };
}

function embeddingServer(): EmbeddingServer | undefined {
  const { MASK_DPO_EMBEDDINGS_SERVER: url, MASK_DPO_EMBEDDINGS_MODEL: model } = process.env;
  if (url && model) return { url, model };
  if (!url && !model) return undefined;
  throw new UserError({
    where: "MASK_DPO_EMBEDDINGS_SERVER and MASK_DPO_EMBEDDINGS_MODEL",
    expected: "both, an address with its version and the name of a model there",
    got: "one of them",
    fix: "Set the other, or neither.",
  });
}

/** Engine, preset, seed and question counts, so that an executed notebook says what it was run with. */
export function describeSession({ engine, preset, seed, atlas, world }: Session): string {
  const { topics, questionsPerTopic, candidates, evaluationQuestions, samples, bestOf, bestOfQuestions } = preset;
  const [test, ood] = [atlas.splits.test, atlas.splits.ood].map(({ length }) => Math.min(evaluationQuestions, length));
  const questions = `${questionsPerTopic} question${questionsPerTopic > 1 ? "s" : ""}`;
  return [
    `engine ${engine.name} · preset ${preset.name} · seed ${seed}${world === "atlas" ? "" : ` · world ${world}`}`,
    `${topics} training topics x ${questions}, K = ${candidates} candidates each`,
    `${test} test questions, ${ood} out of domain; ${samples} sampled answers each; ` +
      `best of up to ${bestOf} for ${bestOfQuestions} test questions`,
  ].join("\n");
}
