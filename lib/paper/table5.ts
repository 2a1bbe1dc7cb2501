/** Near and far topics (§4.3, Table 5): which embedding says best whose alignment reaches the test topics. */
import { Rng } from "../base/rng";
import { armDifference, type ArmDifference } from "../evaluation/arm";
import type { Claim } from "../evaluation/claims";
import { paperGain, table5 } from "./printed";
import { armOf, runArms } from "../lab/runArms";
import type { Session } from "../lab/session";
import { groupArms, type ArmSpec, type GroupArms } from "../lab/suite";
import { scoreOf, type Arm } from "../evaluation/arm";
import type { Table } from "../show/table";

/** A pair of groups, aligned on. */
export interface GroupResult extends Pick<GroupArms, "policy" | "embedding" | "share"> {
  near: Arm;
  far: Arm;
  /** near - far */
  difference: ArmDifference;
}

/** Runs what is missing of Table 5. */
export async function runGroups(session: Session): Promise<GroupResult[]> {
  const specs = groupArms(session), rng = new Rng(session.seed).fork("groups");
  const arms = await runArms(session, Object.fromEntries(specs.flatMap(({ near, far }, i): [string, ArmSpec][] => [[`near ${i}`, near], [`far ${i}`, far]])));
  return specs.map(({ policy, embedding, share }, i) => {
    const [near, far] = [armOf(arms[`near ${i}`]!, "test sampled"), armOf(arms[`far ${i}`]!, "test sampled")];
    return { policy, embedding, share, near, far, difference: armDifference(near, far, "score", rng.fork(i)) };
  });
}

/** The paper's far and near scores in the same place; "own" is the aligned policy's embedding. */
function paperScores({ policy, embedding, share }: GroupResult): readonly [number, number] | undefined {
  if (share !== 1 / 2 || embedding === "geography") return undefined;
  return table5[policy][embedding === "base" || embedding === "other" ? (embedding === policy ? "own" : "other") : embedding];
}

/** Table 5: far, near and their difference by base model and embedding. */
export function groupTable({ seed }: Session, results: readonly GroupResult[]): Table {
  const rng = new Rng(seed).fork("group table");
  return {
    name: "05-table5", caption: "Near and far halves (and sixths) of the training topics: test score, sampled (paper: Table 5)",
    columns: [
      { key: "policy", label: "Base model" }, { key: "embedding", label: "Embedding" }, { key: "share", label: "Group (% of topics)", digits: 0 }, { key: "far", label: "Far (%) [95 %]" }, { key: "near", label: "Near (%) [95 %]" },
      { key: "difference", label: "Near - far (points) [95 %]" }, { key: "p", label: "p (permutation)", digits: 4 }, { key: "seeds", label: "Seeds" }, { key: "paper", label: "Paper: near - far", digits: 2 },
    ],
    rows: results.map((result, i) => {
      const { policy, embedding, share, near, far, difference: { value, low, high, p, perSeed } } = result, paper = paperScores(result);
      return {
        policy, embedding: embedding === policy ? `${embedding} (own)` : embedding, share: 100 * share, far: scoreOf(far, "score", rng.fork(i).fork("far")), near: scoreOf(near, "score", rng.fork(i).fork("near")),
        difference: { value, low, high }, p, seeds: perSeed.map((v) => v.toFixed(1)).join(", "), paper: paper ? paperGain(...paper) : null, runs: [...near.runs, ...far.runs].join(" "),
      };
    }),
  };
}

/** Corollary 1: near topics teach more than far ones, most so by the policy's own embedding. */
export function groupClaims(results: readonly GroupResult[]): Claim[] {
  const own = results.filter(({ policy, embedding }) => embedding === policy);
  return own.map((result): Claim => {
    const paper = paperScores(result), size = result.share === 1 / 2 ? "halves" : `groups of ${Math.round(100 * result.share)} %`;
    return { text: `near > far by the policy's own embedding (${result.policy}, ${size})`, source: "Table 5", paper: paper ? paperGain(...paper) : null, here: result.difference };
  });
}
