/** What a notebook opens first: engine, preset, seed, the world, and where results go. */
import path from "node:path";
import { UserError } from "../base/check";
import { projectRoot } from "../base/files";
import { startEngine, type Engine } from "../engine/backend";
import { atlasFolder } from "../world/facts";
import { loadAtlas, type Atlas } from "../world/atlas";
import { defaultPreset, preset, type Preset } from "./preset";

export interface Session {
  engine: Engine;
  preset: Preset;
  seed: number;
  atlas: Atlas;
  /** folder of the policy to align, and of the independent one */
  baseDir: string;
  otherDir: string;
  /** run folders */
  runs: string;
  /** figures and tables */
  figures: string;
}

/** Choices not given come from MASK_DPO_PRESET, MASK_DPO_SEED, MASK_DPO_RUNS and MASK_DPO_FIGURES, which `mask-dpo reproduce` sets. */
export async function openSession(choices: { preset?: string; seed?: number } = {}): Promise<Session> {
  const engine = await startEngine();
  const { MASK_DPO_PRESET, MASK_DPO_SEED = "1", MASK_DPO_RUNS, MASK_DPO_FIGURES } = process.env;
  const seed = choices.seed ?? Number(MASK_DPO_SEED);
  if (!/^\d+$/.test(MASK_DPO_SEED) || !Number.isInteger(seed)) throw new UserError({ where: "MASK_DPO_SEED", expected: "a whole number", got: MASK_DPO_SEED, fix: "Pass --seed 3, say." });
  return {
    engine, seed,
    preset: preset(choices.preset ?? MASK_DPO_PRESET ?? defaultPreset(engine.name)),
    atlas: loadAtlas(),
    baseDir: path.join(atlasFolder, "base"),
    otherDir: path.join(atlasFolder, "other"),
    runs: MASK_DPO_RUNS ?? path.join(projectRoot, "data/runs"),
    figures: MASK_DPO_FIGURES ?? path.join(projectRoot, "figures"),
  };
}
