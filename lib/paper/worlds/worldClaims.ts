/** The paper's claims in both worlds, and what that says about them. */
import type { Interval } from "../../base/stats";
import { Rng } from "../../base/rng";
import {
  armContrast,
  armDifference,
  type Arm,
  type ArmDifference,
  type ArmPair,
  type Score,
} from "../../evaluation/arm";
import { intervalOf } from "../../evaluation/armTables";
import { verdictOf } from "../../evaluation/claims";
import { armOf } from "../../lab/runArms";
import { differenceNumber, type HeadlineNumber } from "../../lab/headline";
import { runsOf } from "../../show/provenance";
import type { Table } from "../../show/table";
import { printedGain, table1, table2, table4, table5 } from "../printed";
import type { InBoth, WorldResults } from "./worlds";

/**
 * What a claim is about. knowing: it holds where nothing can be chosen. both: it does, by less than where there is a
 * choice. choosing: it holds only where there is one. neither: it holds in no world. undecided: anything else.
 */
export const readingNames = ["knowing", "both", "choosing", "neither", "undecided"] as const;
export type Reading = (typeof readingNames)[number];

/** A claim in both worlds. */
export interface WorldClaim {
  text: string;
  source: string;
  printed: number | null;
  here: InBoth<ArmDifference>;
  /** free minus fixed, paired over topics; null where it is no difference of arms */
  contrast: Interval | null;
}

export function readingOf({ here: { free, fixed }, contrast }: Pick<WorldClaim, "here" | "contrast">): Reading {
  const [ofFree, ofFixed] = [verdictOf(free), verdictOf(fixed)];
  if (ofFree === "too few topics" || ofFixed === "too few topics") return "undecided";
  if (ofFixed === "shown") return ofFree === "shown" && contrast !== null && contrast.low > 0 ? "both" : "knowing";
  if (ofFixed === "undecided") return "undecided";
  if (ofFree === "shown") return "choosing";
  return ofFree === "undecided" ? "undecided" : "neither";
}

interface Comparison {
  text: string;
  source: string;
  printed: number | null;
  score?: Score;
  of: (results: WorldResults) => ArmPair;
}

const mask = (kind: keyof WorldResults["masks"], decoding: "greedy" | "sampled") => (results: WorldResults) =>
  armOf(results.masks[kind], `test ${decoding}`);
const base = (decoding: "greedy" | "sampled") => (results: WorldResults) => results.base[`test ${decoding}`];
const against =
  (higher: (results: WorldResults) => Arm, lower: (results: WorldResults) => Arm) =>
  (results: WorldResults): ArmPair => ({ higher: higher(results), lower: lower(results) });

/** Differences of arms that Tables 1, 2, 4 and 5 say are positive. */
const comparisons: readonly Comparison[] = [
  {
    text: "Mask-DPO > base, greedy",
    source: "Table 1",
    printed: printedGain(table1.base.score, table1.maskDpo.score),
    of: against(mask("paper", "greedy"), base("greedy")),
  },
  {
    text: "Mask-DPO > base, sampled",
    source: "Table 1",
    printed: null,
    of: against(mask("paper", "sampled"), base("sampled")),
  },
  {
    text: "Mask-DPO > base, sampled, by facts",
    source: "Table 1",
    printed: null,
    score: "factScore",
    of: against(mask("paper", "sampled"), base("sampled")),
  },
  {
    text: "DPO > base, sampled",
    source: "Table 2",
    printed: null,
    of: against(mask("none", "sampled"), base("sampled")),
  },
  {
    text: "Mask-DPO > DPO, greedy",
    source: "Table 2",
    printed: printedGain(table2.none.score, table2.paper.score),
    of: against(mask("paper", "greedy"), mask("none", "greedy")),
  },
  {
    text: "Mask-DPO > DPO, sampled",
    source: "Table 2",
    printed: null,
    of: against(mask("paper", "sampled"), mask("none", "sampled")),
  },
  {
    text: "Mask-DPO > random mask, sampled",
    source: "control",
    printed: null,
    of: against(mask("paper", "sampled"), mask("random", "sampled")),
  },
  {
    text: "all topics > a third of them",
    source: "Table 4",
    printed: printedGain(table4.topic[0], table4.topic[2]),
    of: ({ scaling: { topic } }) => ({ higher: topic[2], lower: topic[0] }),
  },
  {
    text: "3 questions a topic > 1",
    source: "Table 4",
    printed: printedGain(table4.question[0], table4.question[2]),
    of: ({ scaling: { question } }) => ({ higher: question[2], lower: question[0] }),
  },
  {
    text: "all topics with 1 question > a third with 3",
    source: "Table 4",
    printed: printedGain(table4.topic[0], table4.question[0]),
    of: ({ scaling: { topic, question } }) => ({ higher: question[0], lower: topic[0] }),
  },
  {
    text: "near > far half by the policy's own embedding",
    source: "Table 5",
    printed: printedGain(...table5.base.own),
    of: ({ groups }) => {
      const { near, far } = groups.find(({ embedding }) => embedding === "base")!;
      return { higher: near, lower: far };
    },
  },
];

/** All claims in both worlds, those of best of N last. @param session its seed resamples */
export function worldClaims({ seed }: { seed: number }, worlds: InBoth<WorldResults>): WorldClaim[] {
  const rng = new Rng(seed).fork("worlds");
  const ofArms = comparisons.map(({ text, source, printed, score = "score", of }): WorldClaim => {
    const [free, fixed] = [of(worlds.free), of(worlds.fixed)];
    const own = rng.fork(text);
    return {
      text,
      source,
      printed,
      here: {
        free: armDifference(free.higher, free.lower, score, own.fork("free")),
        fixed: armDifference(fixed.higher, fixed.lower, score, own.fork("fixed")),
      },
      contrast: armContrast(free, fixed, score, own.fork("contrast")),
    };
  });
  const bestOf = (text: string, of: (results: WorldResults) => ArmDifference): WorldClaim => ({
    text,
    source: "Table 6",
    printed: null,
    here: { free: of(worlds.free), fixed: of(worlds.fixed) },
    contrast: null,
  });
  const most = worlds.free.bestOf.gaps.at(-1)!.n;
  return [
    ...ofArms,
    bestOf(`Mask-DPO > base at best of ${most}`, ({ bestOf: { gaps } }) => gaps.at(-1)!),
    bestOf("the gap does not close: its change when N doubles", ({ bestOf: { slope } }) => slope),
  ];
}

export function worldClaimTable(claims: readonly WorldClaim[]): Table {
  return {
    name: "14-claims",
    caption: "The paper's claims where answers choose what to state, and where they are told (points, 95 %)",
    columns: [
      { key: "text", label: "Claim" },
      { key: "source", label: "Paper" },
      { key: "printed", label: "Paper (points)", digits: 2 },
      { key: "free", label: "Free [95 %]", digits: 2 },
      { key: "fixed", label: "Fixed agenda [95 %]", digits: 2 },
      { key: "contrast", label: "Free - fixed [95 %]", digits: 2 },
      { key: "reading", label: "It is about" },
    ],
    rows: claims.map((claim) => ({
      text: claim.text,
      source: claim.source,
      printed: claim.printed,
      free: intervalOf(claim.here.free),
      fixed: intervalOf(claim.here.fixed),
      contrast: claim.contrast,
      reading: readingOf(claim),
      runs: runsOf(claim.here.free, claim.here.fixed).join(" "),
    })),
  };
}

/** Each claim where the agenda is fixed, for the closing table. */
export function worldNumbers(claims: readonly WorldClaim[]): HeadlineNumber[] {
  return claims.map(({ text, source, printed, here: { fixed } }) =>
    differenceNumber(`${text}, fixed agenda (${source})`, printed, fixed),
  );
}
