/** A chain of stages and the evaluations of what it leaves: asked for together, computed in one place. */
import { evaluate, knownEvaluation, type ShownEvaluation } from "../evaluate";
import type { Session } from "../session";
import { knownStage, runStage, stagePolicy, type Chain } from "./stage";

export interface StageRequest {
  chain: Chain;
  /** of questions as they are */
  evaluations: readonly ShownEvaluation[];
}

/** Whether nothing of it is missing. @throws UserError for a damaged file */
export function isThere(session: Session, { chain, evaluations }: StageRequest): boolean {
  const own = { ...session, seed: chain.seed };
  const policy = knownStage(own, chain)?.policy;
  return policy !== undefined && evaluations.every((name) => knownEvaluation(own, policy, name));
}

/** Computes what is missing; what its last stage needs is there. @throws UserError as `runStage` */
export async function runStageRequest(session: Session, { chain, evaluations }: StageRequest): Promise<void> {
  const own = { ...session, seed: chain.seed };
  await runStage(own, chain);
  const { policy } = knownStage(own, chain)!;
  for (const name of evaluations) await evaluate(own, stagePolicy(own, chain), name, policy);
}
