/** Tables 2, 4, 5, 6 and Eq. 8 in both worlds, side by side. */
import { percent } from "../../base/percent";
import { Rng } from "../../base/rng";
import { perAnswer, scoreOf, type Arm } from "../../evaluation/arm";
import { intervalOf } from "../../evaluation/armTables";
import { armOf } from "../../lab/runArms";
import { runsOf } from "../../show/provenance";
import type { Cell, Column, Table } from "../../show/table";
import { entriesOf } from "../../topic/embedding";
import { table2, table4 } from "../printed";
import { printedPoints } from "../table6";
import { embeddingLook } from "../topicTables";
import type { InBoth, WorldResults } from "./worlds";

const worldNames = ["free", "fixed"] as const;
const labels: InBoth<string> = { free: "free", fixed: "fixed agenda" };

/** A row: the same arm in both worlds, beside what the paper prints. */
interface BothRow {
  label: string;
  arms: InBoth<Arm>;
  printed?: number;
}

/** Right and wrong statements and the score of each world. */
function bothTable({ seed }: { seed: number }, name: string, caption: string, rows: readonly BothRow[]): Table {
  const own = worldNames.flatMap((world): Column[] => [
    { key: `${world} correct`, label: `# Correct, ${labels[world]}`, digits: 2 },
    { key: `${world} incorrect`, label: `# Incorrect, ${labels[world]}`, digits: 2 },
    { key: `${world} score`, label: `% Score, ${labels[world]} [95 %]` },
  ]);
  const rng = new Rng(seed).fork(name);
  return {
    name,
    caption,
    columns: [{ key: "label", label: "Policy" }, ...own, { key: "printed", label: "Paper", digits: 2 }],
    rows: rows.map(({ label, arms, printed = null }) => ({
      label,
      ...Object.fromEntries(
        worldNames.flatMap((world): [string, Cell][] => [
          [`${world} correct`, perAnswer(arms[world], "correct")],
          [`${world} incorrect`, perAnswer(arms[world], "incorrect")],
          [`${world} score`, scoreOf(arms[world], "score", rng.fork(label).fork(world))],
        ]),
      ),
      printed,
      runs: runsOf(arms.free, arms.fixed).join(" "),
    })),
  };
}

const inBoth = <T>(worlds: InBoth<WorldResults>, of: (results: WorldResults) => T): InBoth<T> => ({
  free: of(worlds.free),
  fixed: of(worlds.fixed),
});

/** Table 2 with its controls and the base. */
export function worldTable2(
  session: { seed: number },
  worlds: InBoth<WorldResults>,
  decoding: "sampled" | "greedy",
): Table {
  const greedy = decoding === "greedy"; // as the paper's
  const row = (kind: keyof WorldResults["masks"], printed?: number): BothRow => ({
    label: worlds.free.masks[kind].label,
    arms: inBoth(worlds, ({ masks }) => armOf(masks[kind], `test ${decoding}`)),
    ...(greedy && printed !== undefined && { printed }),
  });
  return bothTable(session, `14-table2-${decoding}`, `Masks in both worlds, test questions, ${decoding} (Table 2)`, [
    { label: "base", arms: inBoth(worlds, ({ base }) => base[`test ${decoding}`]) },
    row("paper", table2.paper.score),
    row("none", table2.none.score),
    row("random"),
    row("inverted"),
  ]);
}

/** Table 4. */
export function worldTable4(session: { seed: number }, worlds: InBoth<WorldResults>): Table {
  const rows = (["topic", "question"] as const).flatMap((key) =>
    worlds.free.scaling[key].map((arm, i): BothRow => ({
      label: arm.label,
      arms: inBoth(worlds, ({ scaling }) => scaling[key][i]!),
      printed: table4[key][i]!,
    })),
  );
  return bothTable(session, "14-table4", "Topics against questions in both worlds, sampled (Table 4)", rows);
}

/** Table 5: near minus far. */
export function worldTable5(worlds: InBoth<WorldResults>): Table {
  return {
    name: "14-table5",
    caption: "Near minus far halves of the training topics in both worlds: test score, sampled (Table 5)",
    columns: [
      { key: "embedding", label: "Embedding" },
      ...worldNames.flatMap((world) => [
        { key: world, label: `Near - far, ${labels[world]} (points) [95 %]`, digits: 2 },
        { key: `${world} p`, label: "p", digits: 4 },
      ]),
    ],
    rows: worlds.free.groups.map(({ embedding }, i) => {
      const differences = inBoth(worlds, ({ groups }) => groups[i]!.difference);
      return {
        embedding: embeddingLook[embedding].label,
        free: intervalOf(differences.free),
        "free p": differences.free.p,
        fixed: intervalOf(differences.fixed),
        "fixed p": differences.fixed.p,
        runs: runsOf(differences.free, differences.fixed).join(" "),
      };
    }),
  };
}

/** Table 6. */
export function worldTable6(worlds: InBoth<WorldResults>): Table {
  const printed = { base: printedPoints("base"), maskDpo: printedPoints("maskDpo") };
  const policies = ["base", "maskDpo"] as const;
  const names = { base: "base", maskDpo: "Mask-DPO" };
  return {
    name: "14-table6",
    caption: "Best of N in both worlds: expected score of the most factual of N answers (Table 6)",
    columns: [
      { key: "n", label: "N" },
      ...worldNames.flatMap((world) => [
        ...policies.map((policy) => ({ key: `${world} ${policy}`, label: `${names[policy]}, ${labels[world]} (%)` })),
        { key: `${world} gap`, label: `Gap, ${labels[world]} [95 %]` },
      ]),
      ...policies.map((policy) => ({ key: policy, label: `Paper: ${names[policy]}`, digits: 2 })),
    ],
    rows: worlds.free.bestOf.gaps.map(({ n }, i) => ({
      n,
      ...Object.fromEntries(
        worldNames.flatMap((world): [string, Cell][] => [
          ...policies.map((policy): [string, Cell] => [
            `${world} ${policy}`,
            percent(worlds[world].bestOf[policy][i]!.macroScore),
          ]),
          [`${world} gap`, intervalOf(worlds[world].bestOf.gaps[i]!)],
        ]),
      ),
      base: printed.base[n] ?? null,
      maskDpo: printed.maskDpo[n] ?? null,
      runs: runsOf(worlds.free.bestOf.gaps[i]!, worlds.fixed.bestOf.gaps[i]!).join(" "),
    })),
  };
}

/** Eq. 8: how near the stated wrong values are, over all relations. */
export function worldGraphTable(worlds: InBoth<WorldResults>): Table {
  return {
    name: "14-graph",
    caption:
      "Wrong statements of the base in both worlds (test, sampled): mean relative rank of the stated value " +
      "by the distance of its nearest topic (Eq. 8)",
    columns: [
      { key: "embedding", label: "Embedding" },
      ...worldNames.flatMap((world) => [
        { key: `${world} statements`, label: `Wrong statements, ${labels[world]}`, digits: 0 },
        { key: `${world} rank`, label: "Rank [95 %]", digits: 3 },
        { key: `${world} expected`, label: "Expected from frequency", digits: 3 },
        { key: `${world} p`, label: "p", digits: 4 },
      ]),
    ],
    rows: entriesOf(worlds.free.graph.embeddings).map(([name]) => ({
      embedding: embeddingLook[name].label,
      ...Object.fromEntries(
        worldNames.flatMap((world): [string, Cell][] => {
          const [all] = worlds[world].graph.embeddings[name]?.tests ?? [];
          if (!all) return [`statements`, `rank`, `expected`, `p`].map((key) => [`${world} ${key}`, null]);
          const { value, low, high, expected, p } = all.rank;
          return [
            [`${world} statements`, all.statements],
            [`${world} rank`, { value, low, high }],
            [`${world} expected`, expected],
            [`${world} p`, p],
          ];
        }),
      ),
    })),
    runs: runsOf(worlds.free.graph, worlds.fixed.graph),
  };
}

/** Where Mask-DPO's gain comes from, and how many answers keep to what they are told. */
export function worldGainTable(worlds: InBoth<WorldResults>): Table {
  const row = (what: string, of: (results: WorldResults) => number) => ({ what, ...inBoth(worlds, of) });
  return {
    name: "14-gain",
    caption: "Where Mask-DPO's gain in right statements comes from, in both worlds (test, sampled)",
    columns: [
      { key: "what", label: "" },
      { key: "free", label: "Free", digits: 2 },
      { key: "fixed", label: "Fixed agenda", digits: 2 },
    ],
    rows: [
      row("stating easier relations more often (points)", ({ gain }) => 100 * gain.choice),
      row("being right more often within a relation (points)", ({ gain }) => 100 * gain.accuracy),
      row("answers that keep to the agenda, base (%)", ({ kept }) => 100 * kept.base),
      row("answers that keep to the agenda, Mask-DPO (%)", ({ kept }) => 100 * kept.maskDpo),
    ],
    runs: runsOf(worlds.free.gain, worlds.fixed.gain, worlds.free.kept, worlds.fixed.kept),
  };
}
