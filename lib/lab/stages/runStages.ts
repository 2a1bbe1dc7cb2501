/**
 * Arms made of stages, computed: all chains together, wave by wave, so that what several begin with runs once and what
 * is independent runs side by side.
 */
import { canonicalJson } from "../../base/hash";
import type { Arm } from "../../evaluation/arm";
import { asIs, type Ask } from "../candidates";
import { evaluate, evaluationRun, type ShownEvaluation } from "../evaluate";
import { inWorkers } from "../inWorkers";
import { seedsOf, type Session } from "../session";
import { knownStage, neededBy, stageName, stagePolicy, type Chain, type Stage, type StageResult } from "./stage";
import { isThere, runStageRequest, type StageRequest } from "./stageRequest";

/** A row of a table before it is run. */
export interface StagedSpec {
  label: string;
  stages: readonly Stage[];
  /** how many, from the session's on */
  seeds: number;
  evaluations: readonly ShownEvaluation[];
  /** how its evaluation questions are put (default: as they are) */
  ask?: Ask;
}

/** Answers by evaluation, and what each stage came to: [seeds][stages]. */
export interface StagedArm {
  label: string;
  arms: Partial<Record<ShownEvaluation, Arm>>;
  stages: StageResult[][];
  runs: string[];
}

/** Runs what is missing. @throws UserError as `runStage` */
export async function runStagedArms<Key extends string>(
  session: Session,
  specs: Readonly<Record<Key, StagedSpec>>,
): Promise<Record<Key, StagedArm>> {
  const keys = Object.keys(specs) as Key[];
  const chains = keys.flatMap((key) => chainsOf(session, specs[key]).flatMap(beginnings));
  const evaluations = evaluationsBy(session, Object.values(specs));
  const requestOf = (chain: Chain) => ({ chain, evaluations: evaluations.get(canonicalJson(chain)) ?? [] });
  const waves = wavesOf(chains, (chain) => isThere(session, requestOf(chain)));
  for (const wave of waves) await runAll(session, wave.map(requestOf));
  const arms = {} as Record<Key, StagedArm>;
  for (const key of keys) arms[key] = await armOfStages(session, specs[key]);
  return arms;
}

const chainsOf = (session: Session, { stages, seeds }: StagedSpec): Chain[] =>
  seedsOf(session, seeds).map((seed) => ({ stages, seed }));

const known = (session: Session, chain: Chain) => knownStage({ ...session, seed: chain.seed }, chain);

/** Evaluations by chain, but for questions that are put in a way of their own, which only this process knows. */
function evaluationsBy(session: Session, specs: readonly StagedSpec[]): Map<string, ShownEvaluation[]> {
  const all = new Map<string, ShownEvaluation[]>();
  for (const spec of specs.filter(({ ask }) => !ask))
    for (const name of chainsOf(session, spec).map(canonicalJson))
      all.set(name, [...new Set([...(all.get(name) ?? []), ...spec.evaluations])]);
  return all;
}

/** A chain after each of its stages. */
const beginnings = ({ stages, seed }: Chain): Chain[] =>
  stages.map((_, i) => ({ stages: stages.slice(0, i + 1), seed }));

/** Chains that are not there, with what they need, each once: those of a wave need only those of waves before. */
export function wavesOf(chains: readonly Chain[], isThere: (chain: Chain) => boolean): Chain[][] {
  const waves: Chain[][] = [];
  const depths = new Map<string, number>();
  const depthOf = (chain: Chain): number => {
    const name = canonicalJson(chain);
    const found = depths.get(name);
    if (found !== undefined) return found;
    const depth = isThere(chain) ? -1 : Math.max(-1, ...neededBy(chain).map(depthOf)) + 1;
    depths.set(name, depth);
    if (depth >= 0) (waves[depth] ??= []).push(chain);
    return depth;
  };
  chains.forEach(depthOf);
  return waves;
}

function runAll(session: Session, requests: readonly StageRequest[]): Promise<void> {
  const here = (request: StageRequest) => runStageRequest(session, request);
  return inWorkers(session, { label: "stages", requests, costOf: () => 1, here });
}

async function armOfStages(session: Session, spec: StagedSpec): Promise<StagedArm> {
  const { label, evaluations, ask = asIs } = spec;
  const chains = chainsOf(session, spec);
  const runs = chains.map((chain) => stageName(session, chain));
  const arms: StagedArm["arms"] = {};
  for (const name of evaluations) {
    const seeds = [];
    const from = [...runs];
    for (const chain of chains) {
      const own = { ...session, seed: chain.seed };
      const { policy } = known(session, chain)!;
      seeds.push(await evaluate(own, stagePolicy(own, chain), name, policy, ask));
      from.push(evaluationRun(own, policy, name, ask));
    }
    arms[name] = { label, seeds, runs: from };
  }
  const stages = chains.map(({ stages, seed }) =>
    stages.map((_, i) => known(session, { stages: stages.slice(0, i + 1), seed })!),
  );
  return { label, arms, stages, runs };
}
