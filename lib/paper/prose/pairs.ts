/** The study's pairs and its best of N as tables. */
import { percent } from "../../base/percent";
import { Rng } from "../../base/rng";
import { bestOfN, compareBestOfN, powersOfTwo } from "../../evaluation/bestOfN";
import { addCounts, countSentences } from "../../factuality/score";
import type { ProseBestOf } from "../../lab/prose/bestOf";
import type { Kept } from "../../lab/kept";
import type { ProseStudy } from "../../lab/prose/study";
import type { PreferencePair } from "../../preference/pair";
import type { Table } from "../../show/table";

/** How mixed both sides are, among sentences that state something. */
export function prosePairTable({ value: pairs, run }: Kept<PreferencePair[]>): Table {
  return {
    name: "10-pairs",
    caption: `${pairs.length} preference pairs: sentences of both sides`,
    columns: [
      { key: "side", label: "Side" },
      { key: "correct", label: "# Correct" },
      { key: "incorrect", label: "# Incorrect" },
      { key: "noFact", label: "# No fact" },
      { key: "mixed", label: "Against its side, of those with a fact (%)", digits: 1 },
    ],
    rows: (["chosen", "rejected"] as const).map((side) => {
      const { correct, incorrect, noFact } = addCounts(pairs.map((pair) => countSentences(pair[side].sentences)));
      const against = side === "chosen" ? incorrect : correct;
      return { side, correct, incorrect, noFact, mixed: (100 * against) / Math.max(1, correct + incorrect), runs: run };
    }),
  };
}

/** Best of N, and the gap between the two at each N. */
export function proseBestOfTable(
  { size, session }: ProseStudy,
  { questions, base, maskDpo, runs }: ProseBestOf,
): Table {
  const ns = powersOfTwo(size.bestOf);
  const rng = new Rng(session.seed).fork("prose best of");
  const [before, after] = [
    bestOfN(base, questions, ns, rng.fork("base")),
    bestOfN(maskDpo, questions, ns, rng.fork("maskDpo")),
  ];
  const gaps = compareBestOfN(maskDpo, base, questions, ns, rng.fork("gap"));
  return {
    runs,
    name: "10-best-of-n",
    caption: `Best of N of a real model (${questions.length} test topics, one seed)`,
    columns: [
      { key: "n", label: "N" },
      { key: "base", label: "base (%)" },
      { key: "maskDpo", label: "Mask-DPO (%)" },
      { key: "gap", label: "Gap (points) [95 %]" },
      { key: "p", label: "p (permutation)", digits: 4 },
      { key: "noFact", label: "Mask-DPO: # No fact in the best", digits: 2 },
    ],
    rows: ns.map((n, i) => {
      const { value, low, high } = percent(gaps[i]!);
      return {
        n,
        base: percent(before[i]!.macroScore),
        maskDpo: percent(after[i]!.macroScore),
        gap: { value, low, high },
        p: gaps[i]!.p,
        noFact: after[i]!.perAnswer.noFact,
      };
    }),
  };
}
