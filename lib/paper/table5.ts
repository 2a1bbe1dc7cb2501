/** Table 5: near and far topics (§4.3), to see which embedding says best whose alignment reaches the test topics. */
import { Rng } from "../base/rng";
import { answersOf, armDifference, scoreOf, type Arm, type ArmDifference } from "../evaluation/arm";
import type { Claim } from "../evaluation/claims";
import { armOf, runArms } from "../lab/runArms";
import type { Session } from "../lab/session";
import { sampled, type ArmSpec, type Study } from "../lab/study";
import { embeddingsOf } from "../lab/topicEmbeddings";
import type { Figure } from "../show/figure/figure";
import { rowFigure, type RowSeries } from "../show/figure/rows";
import { palette, type SeriesStyle } from "../show/palette";
import { runsOf } from "../show/provenance";
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

/** The paper's scores in the same place, where it has them; "own" is the aligned policy's embedding. */
function printedScores({ policy, embedding, share }: GroupResult): { far: number; near: number } | null {
  if (share !== 1 / 2 || embedding === "geography") return null;
  const [far, near] = table5[policy][printedName(embedding, policy)] as [number, number];
  return { far, near };
}

function printedDifference(result: GroupResult): number | null {
  const printed = printedScores(result);
  return printed && printedGain(printed.far, printed.near);
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

const policyNames = { base: "base", other: "other base" } as const;
const groupNames: Readonly<Record<EmbeddingName, string>> = {
  base: "base's vectors",
  other: "other's vectors",
  words: "words",
  served: "the served model's vectors",
  geography: "geography",
  random: "chance",
};

/** Table 5 as a figure: near and far groups, and near minus far; the paper's numbers beside ours. */
export function table5Figure({ seed }: Session, results: readonly GroupResult[]): Figure {
  const rng = new Rng(seed).fork("table 5 figure");
  const printed = results.map((result) => printedScores(result));
  const scored = (side: "near" | "far", style: SeriesStyle): RowSeries => ({
    label: side,
    style,
    values: results.map((result, i) => scoreOf(result[side], "score", rng.fork(side).fork(i))),
  });
  const theirs = (beside: string, style: SeriesStyle, values: RowSeries["values"]): RowSeries => ({
    label: `paper (${beside})`,
    style,
    beside,
    values,
  });
  const answers = Math.max(...results.flatMap(({ near, far }) => [near, far].map((arm) => answersOf(arm))));
  const seeds = Math.max(...results.map(({ near }) => near.seeds.length));
  const open = (symbol: "circle-open" | "square-open"): SeriesStyle => ({ ...palette.printed, symbol });
  return {
    ...rowFigure({
      name: "05-table5",
      title: "Aligning on near and on far topics (Table 5)",
      note:
        "Rows: base model, by whose vectors topics are near or far, size of a group. Sampled answers to test " +
        `questions, ${answers} a group of ${seeds} seeds; 95 % intervals over topics, differences paired.`,
      rows: results.map(({ policy, embedding, share }) => {
        const own = embedding === policy ? " (own)" : "";
        return `${policyNames[policy]}, ${groupNames[embedding]}${own}, 1/${Math.round(1 / share)}`;
      }),
      panels: [
        {
          title: "Score (%)",
          zero: false,
          series: [
            scored("near", palette.maskDpo),
            scored("far", { ...palette.dpo, symbol: "square" }),
            theirs(
              "near",
              open("circle-open"),
              printed.map((row) => row?.near ?? null),
            ),
            theirs(
              "far",
              open("square-open"),
              printed.map((row) => row?.far ?? null),
            ),
          ],
        },
        {
          title: "Near minus far (points)",
          zero: true,
          series: [
            { label: "near - far", style: palette.chosen, values: results.map(({ difference }) => difference) },
            theirs("near - far", palette.printed, results.map(printedDifference)),
          ],
        },
      ],
    }),
    runs: runsOf(...results.flatMap(({ near, far }) => [near, far])),
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
