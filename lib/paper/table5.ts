/** Table 5: near and far topics (§4.3), to see which embedding says best whose alignment reaches the test topics. */
import { Rng } from "../base/rng";
import { armDifference, scoreOf, type Arm, type ArmDifference } from "../evaluation/arm";
import type { Claim } from "../evaluation/claims";
import { armOf, runArms } from "../lab/runArms";
import type { Session } from "../lab/session";
import { sampled, type ArmSpec, type Study } from "../lab/study";
import { embeddingsOf } from "../lab/topicEmbeddings";
import type { Table } from "../show/table";
import type { EmbeddingName } from "../topic/embedding";
import { printedGain, table5 } from "./printed";

/** Near and far group of one embedding (for "random": two random groups). */
export interface GroupArms {
  policy: "base" | "other";
  embedding: EmbeddingName;
  /** of the training topics in each group: half in the paper; smaller groups are farther apart */
  share: number;
  near: ArmSpec;
  far: ArmSpec;
}

/** The paper's kinds: the policy's own vectors, another policy's, words, a server's where one is named, chance. */
const groupEmbeddings: readonly EmbeddingName[] = ["base", "other", "words", "served", "random"];

/** Halves by each embedding for both policies; and sixths by the policy's own and by chance. */
export function groupArms(session: Session): GroupArms[] {
  const { preset, embeddings } = session;
  const known = embeddingsOf(session);
  const arms = (policy: GroupArms["policy"], embedding: EmbeddingName, share: number): GroupArms => {
    const arm = (distance: "near" | "far"): ArmSpec => ({
      label: distance,
      setting: {
        policy,
        pairs: { group: { embedding, ...(embedding === "served" && { model: embeddings!.model }), distance, share } },
      },
      seeds: preset.seeds,
      evaluations: sampled,
    });
    return { policy, embedding, share, near: arm("near"), far: arm("far") };
  };
  const policies = ["base", "other"] as const;
  return [
    ...policies.flatMap((policy) =>
      groupEmbeddings.filter((name) => known.includes(name)).map((embedding) => arms(policy, embedding, 1 / 2)),
    ),
    arms("base", "base", 1 / 6),
    arms("base", "random", 1 / 6),
  ];
}

/** What Table 5 runs. */
export const study: Study = {
  notebook: "05",
  arms: (session) => groupArms(session).flatMap(({ near, far }) => [near, far]),
};

/** A pair of groups, aligned on. */
export interface GroupResult extends Pick<GroupArms, "policy" | "embedding" | "share"> {
  near: Arm;
  far: Arm;
  /** near - far */
  difference: ArmDifference;
}

/** Runs what is missing of Table 5. @param specs all of it unless given */
export async function runGroups(session: Session, specs = groupArms(session)): Promise<GroupResult[]> {
  const rng = new Rng(session.seed).fork("groups");
  const sides = specs.flatMap(({ near, far }, i): [string, ArmSpec][] => [
    [`near ${i}`, near],
    [`far ${i}`, far],
  ]);
  const arms = await runArms(session, Object.fromEntries(sides));
  return specs.map(({ policy, embedding, share }, i) => {
    const near = armOf(arms[`near ${i}`]!, "test sampled");
    const far = armOf(arms[`far ${i}`]!, "test sampled");
    return { policy, embedding, share, near, far, difference: armDifference(near, far, "score", rng.fork(i)) };
  });
}

/** What Table 5 calls an embedding: those of policies by whose they are. */
function printedName(
  embedding: Exclude<GroupResult["embedding"], "geography">,
  policy: GroupResult["policy"],
): keyof (typeof table5)[GroupResult["policy"]] {
  if (embedding === "words" || embedding === "served") return "words"; // the paper's are a server's
  if (embedding === "random") return embedding;
  return embedding === policy ? "own" : "other";
}

/** The paper's near - far in the same place, where it has one; "own" is the aligned policy's embedding. */
function printedDifference({ policy, embedding, share }: GroupResult): number | null {
  if (share !== 1 / 2 || embedding === "geography") return null;
  const [far, near] = table5[policy][printedName(embedding, policy)];
  return printedGain(far, near);
}

/** Far, near and their difference by base model and embedding. */
export function groupTable({ seed, embeddings }: Session, results: readonly GroupResult[]): Table {
  const rng = new Rng(seed).fork("group table");
  const labelOf = ({ embedding, policy }: GroupResult): string => {
    if (embedding === "served" && embeddings) return `served (${embeddings.model})`;
    return embedding === policy ? `${embedding} (own)` : embedding;
  };
  return {
    name: "05-table5",
    caption: "Near and far halves (and sixths) of the training topics: test score, sampled (paper: Table 5)",
    columns: [
      { key: "policy", label: "Base model" },
      { key: "embedding", label: "Embedding" },
      { key: "share", label: "Group (% of topics)", digits: 0 },
      { key: "far", label: "Far (%) [95 %]" },
      { key: "near", label: "Near (%) [95 %]" },
      { key: "difference", label: "Near - far (points) [95 %]" },
      { key: "p", label: "p (permutation)", digits: 4 },
      { key: "seeds", label: "Seeds" },
      { key: "paper", label: "Paper: near - far", digits: 2 },
    ],
    rows: results.map((result, i) => {
      const { policy, share, near, far, difference } = result;
      const { value, low, high, p, perSeed } = difference;
      return {
        policy,
        embedding: labelOf(result),
        share: 100 * share,
        far: scoreOf(far, "score", rng.fork(i).fork("far")),
        near: scoreOf(near, "score", rng.fork(i).fork("near")),
        difference: { value, low, high },
        p,
        seeds: perSeed.map((v) => v.toFixed(1)).join(", "),
        paper: printedDifference(result),
        runs: [...near.runs, ...far.runs].join(" "),
      };
    }),
  };
}

/** Corollary 1: near topics teach more than far ones, most so by the policy's own embedding. */
export function table5Claims(results: readonly GroupResult[]): Claim[] {
  const own = results.filter(({ policy, embedding }) => embedding === policy);
  return own.map((result): Claim => {
    const size = result.share === 1 / 2 ? "halves" : `groups of ${Math.round(100 * result.share)} %`;
    return {
      text: `near > far by the policy's own embedding (${result.policy}, ${size})`,
      source: "Table 5",
      printed: printedDifference(result),
      here: result.difference,
    };
  });
}
