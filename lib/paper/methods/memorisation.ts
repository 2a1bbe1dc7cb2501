/** What can be extracted by any prompt of a grammar, before and after alignment: what a policy knows. */
import { groupBy } from "../../base/collections";
import { Rng } from "../../base/rng";
import { armDifference, scoreOf, type Arm } from "../../evaluation/arm";
import { intervalOf } from "../../evaluation/armTables";
import type { AnswerTotals, Measure } from "../../evaluation/answerTotals";
import { measures } from "../../evaluation/answerTotals";
import { extracted, promptsOfFact, type Extracted } from "../../lab/inference/extraction";
import { trainedPolicy } from "../../lab/experiment";
import type { AlignedArm } from "../../lab/runArms";
import { policyDir, seedsOf, type Session } from "../../lab/session";
import { runsOf } from "../../show/provenance";
import type { Table } from "../../show/table";
import type { MethodComparison } from "./staged";

/** By the plain prompt, by any of them, by most. */
const ways = ["plain", "any", "most"] as const;
type Way = (typeof ways)[number];
type Policy = "base" | "maskDpo" | "dpo";
export type ExtractionArms = Record<Policy, Record<Way, Arm>> & { facts: Record<Policy, Extracted[]> };

const names: Record<Policy, string> = { base: "base", maskDpo: "Mask-DPO", dpo: "DPO (no mask)" };

const right: Record<Way, (prompts: readonly boolean[]) => boolean> = {
  plain: ([first]) => first!,
  any: (prompts) => prompts.some(Boolean),
  most: (prompts) => 2 * prompts.filter(Boolean).length > prompts.length,
};

/** Runs what is missing. @param aligned with as many seeds as the preset's arms have */
export async function runExtraction(
  session: Session,
  aligned: Record<"maskDpo" | "dpo", AlignedArm>,
): Promise<ExtractionArms> {
  const seeds = seedsOf(session, session.preset.seeds);
  const dirs: Record<Policy, string[]> = {
    base: seeds.map(() => policyDir(session, "base")),
    maskDpo: seeds.map((_, i) => trainedPolicy(session, aligned.maskDpo.results[i]!.experiment)),
    dpo: seeds.map((_, i) => trainedPolicy(session, aligned.dpo.results[i]!.experiment)),
  };
  const of = async (policy: Policy) => {
    const sets: Awaited<ReturnType<typeof extracted>>[] = [];
    for (const dir of dirs[policy]) sets.push(await extracted(session, dir));
    const arm = (way: Way): Arm => ({
      label: names[policy],
      runs: runsOf(...sets),
      seeds: sets.map(({ facts }) => extractionTotals(facts, way)),
    });
    const arms = { plain: arm("plain"), any: arm("any"), most: arm("most") };
    return { arms, facts: sets.map(({ facts }) => facts) };
  };
  const [base, maskDpo, dpo] = [await of("base"), await of("maskDpo"), await of("dpo")];
  return {
    base: base.arms,
    maskDpo: maskDpo.arms,
    dpo: dpo.arms,
    facts: { base: base.facts, maskDpo: maskDpo.facts, dpo: dpo.facts },
  };
}

/** Facts as the sentences of one answer a topic. */
export function extractionTotals(facts: Extracted, way: Way): AnswerTotals {
  const byTopic = [...groupBy(facts, ({ topic }) => topic)];
  const columns = byTopic.map(([, own]): Partial<Record<Measure, number>> => {
    const correct = own.filter((fact) => right[way](fact.right)).length;
    const [all, incorrect] = [own.length, own.length - correct];
    const facts = { facts: all, supported: correct, factAnswers: all, factShare: correct };
    return { answers: 1, sentences: all, correct, incorrect, score: correct / all, ...facts };
  });
  const sums = Object.fromEntries(measures.map((name) => [name, columns.map((column) => column[name] ?? 0)]));
  return { topics: byTopic.map(([topic]) => topic), sums: sums as AnswerTotals["sums"] };
}

/** Shares that can be extracted, and what alignment gained and lost of what any prompt extracts. */
export function extractionTable({ seed }: Session, arms: ExtractionArms): Table {
  const rng = new Rng(seed).fork("extraction");
  const changed = (policy: Policy, before: boolean): number => {
    const count = (facts: Extracted, i: number): number =>
      facts.filter((fact, f) => {
        const [was, is] = [right.any(arms.facts.base[i]![f]!.right), right.any(fact.right)];
        return was === before && is !== before;
      }).length / facts.length;
    const shares = arms.facts[policy].map(count);
    return (100 * shares.reduce((sum, share) => sum + share, 0)) / shares.length;
  };
  return {
    name: "13-extraction",
    caption: `Facts of test topics that a policy can be made to say (%; ${promptsOfFact} prompts a fact, greedy)`,
    columns: [
      { key: "label", label: "Policy" },
      { key: "plain", label: "By the plain prompt [95 %]" },
      { key: "most", label: "By most prompts [95 %]" },
      { key: "any", label: "By any prompt [95 %]" },
      { key: "gain", label: "Any prompt, - base (points) [95 %]", digits: 2 },
      { key: "gained", label: "New (%)" },
      { key: "lost", label: "Lost (%)" },
    ],
    rows: (["base", "maskDpo", "dpo"] as const).map((policy) => {
      const own = arms[policy];
      const aligned = policy !== "base";
      return {
        label: names[policy],
        ...Object.fromEntries(ways.map((way) => [way, scoreOf(own[way], "score", rng.fork(policy).fork(way))])),
        gain: aligned
          ? intervalOf(armDifference(own.any, arms.base.any, "score", rng.fork(policy).fork("gain")))
          : null,
        gained: aligned ? changed(policy, false) : null,
        lost: aligned ? changed(policy, true) : null,
        runs: own.any.runs.join(" "),
      };
    }),
  };
}

export function extractionComparisons({ base, maskDpo }: ExtractionArms): MethodComparison[] {
  const method = "Alpaca against Vicuna";
  const limits = "a grammar of prompts instead of a language model that writes them; facts, not passages";
  return [
    {
      method,
      text: "any prompt > the plain one, aligned",
      theirs: "23.7 % more overlap with training data than by prefixes (instruction-tuned 7B models; by its abstract)",
      higher: maskDpo.any,
      lower: maskDpo.plain,
      limits,
    },
    {
      method,
      text: "aligned > base, any prompt",
      theirs: "tuned models expose as much as their bases, if not more (by its abstract)",
      higher: maskDpo.any,
      lower: base.any,
      limits,
    },
  ];
}
