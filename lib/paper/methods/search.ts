/** Search at inference by verdicts, before and after alignment, at as many samples (what remains of TPO). */
import { answerTotals } from "../../evaluation/answerTotals";
import type { Arm } from "../../evaluation/arm";
import { armTable } from "../../evaluation/armTables";
import { searchedAnswers, searches, type SearchKind, type SearchSize } from "../../lab/inference/search";
import { trainedPolicy } from "../../lab/experiment";
import type { AlignedArm } from "../../lab/runArms";
import { policyDir, seedsOf, type Session } from "../../lab/session";
import type { Table } from "../../show/table";
import type { MethodComparison } from "./staged";

/** One sample as it comes, and the best of a search. */
const kinds = ["one", ...searches] as const;
export type SearchArms = Record<"base" | "maskDpo", Record<(typeof kinds)[number], Arm>>;

/** Of TPO's README: 5 samples, 2 rounds. */
const size: SearchSize = { samples: 5, rounds: 2 };
const all = size.samples * (size.rounds + 1);

const names: Record<(typeof kinds)[number], string> = {
  one: "one sample",
  fresh: `best of ${all}`,
  rest: "after the first wrong sentence anew",
  sentence: "the first wrong sentence anew",
};

/** Runs what is missing. @param aligned Mask-DPO */
export async function runSearches(session: Session, aligned: AlignedArm): Promise<SearchArms> {
  const seeds = seedsOf(session, session.preset.seeds);
  const dirs = {
    base: seeds.map(() => policyDir(session, "base")),
    maskDpo: seeds.map((_, i) => trainedPolicy(session, aligned.results[i]!.experiment)),
  };
  const arm = async (policy: keyof typeof dirs, kind: (typeof kinds)[number]): Promise<Arm> => {
    const sets = [];
    const runs = [];
    const [how, own]: [SearchKind, SearchSize] = kind === "one" ? ["fresh", { samples: 1, rounds: 0 }] : [kind, size];
    for (const [i, seed] of seeds.entries()) {
      const found = await searchedAnswers({ ...session, seed }, dirs[policy][i]!, how, own);
      sets.push(answerTotals(session.atlas, found.questions, found.answers));
      runs.push(...found.runs);
    }
    return { label: `${policy === "base" ? "base" : "Mask-DPO"}, ${names[kind]}`, seeds: sets, runs };
  };
  const armsOf = async (policy: keyof typeof dirs) => {
    const out = {} as Record<(typeof kinds)[number], Arm>;
    for (const kind of kinds) out[kind] = await arm(policy, kind);
    return out;
  };
  return { base: await armsOf("base"), maskDpo: await armsOf("maskDpo") };
}

export function searchArmTable(session: Session, { base, maskDpo }: SearchArms): Table {
  const rows = [base, maskDpo].flatMap((arms) => kinds.map((kind) => ({ arm: arms[kind] })));
  const caption = `Search by exact verdicts, ${all} samples a question (test; by facts a judge that did not search)`;
  return armTable(session, "13-search", caption, rows);
}

/** By facts: the sentence oracle has guided the search. */
export function searchComparisons({ base, maskDpo }: SearchArms): MethodComparison[] {
  const method = "Test-time preference optimisation";
  const theirs = "an unaligned Llama 3.1 70B passes its aligned one after a few rounds (by its abstract)";
  const limits = "no critique is read or written: verdicts choose what is sampled again; `mask-dpo tpo` is the method";
  const score = "factScore" as const;
  return [
    {
      method,
      text: "what follows the first wrong sentence anew > best of as many, by facts",
      theirs: "revisions > best of as many samples (an ablation of the paper; numbers not verified)",
      higher: base.rest,
      lower: base.fresh,
      score,
      limits,
    },
    {
      method,
      text: "only the wrong sentence anew > best of as many, by facts",
      theirs: "not in the paper",
      higher: base.sentence,
      lower: base.fresh,
      score,
      limits,
    },
    {
      method,
      text: "the base with search > Mask-DPO without, by facts",
      theirs,
      higher: base.rest,
      lower: maskDpo.one,
      score,
      limits,
    },
    {
      method,
      text: "Mask-DPO with search > the base with search, by facts",
      theirs: "not in the paper",
      higher: maskDpo.rest,
      lower: base.rest,
      score,
      limits,
    },
  ];
}
