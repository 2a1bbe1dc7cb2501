/** The study's arms: the base and each way with the setting chosen for it, over several seeds, evaluated. */
import type { Arm } from "../../evaluation/arm";
import type { Decoding } from "../candidates";
import { seedsOf } from "../session";
import { evaluateProse, probeProse, type ProsePolicy } from "./evaluate";
import { alignProse, proseWayNames, proseWays, type Aligned, type ProseWay } from "./experiment";
import type { Probed } from "./probe";
import type { Search } from "./search";
import type { ProseStudy } from "./study";
import type { ProseTotals } from "./totals";

export type ProseArmName = "base" | ProseWay;
export const proseArmNames: readonly ProseArmName[] = ["base", ...proseWayNames];

export interface ProseArm {
  label: string;
  /** one a seed; the base is the same at each */
  policies: readonly ProsePolicy[];
  /** of an aligned policy, one a seed */
  aligned: readonly Aligned[];
  totals: Record<Decoding, readonly ProseTotals[]>;
  probed: readonly (readonly Probed[])[];
  runs: readonly string[];
}

/** Trains and evaluates what is missing. */
export async function runProse(study: ProseStudy, { chosen }: Search): Promise<Record<ProseArmName, ProseArm>> {
  const arms = {} as Record<ProseArmName, ProseArm>;
  for (const name of proseArmNames) arms[name] = await runArm(study, name, chosen);
  return arms;
}

async function runArm(study: ProseStudy, name: ProseArmName, chosen: Search["chosen"]): Promise<ProseArm> {
  const { session, size, base, baseHash } = study;
  const aligned: Aligned[] = [];
  const policies: ProsePolicy[] = [];
  const totals: Record<Decoding, ProseTotals[]> = { greedy: [], sampled: [] };
  const probed: Probed[][] = [];
  const runs = new Set<string>();
  for (const seed of seedsOf(session, size.seeds)) {
    const own = { ...study, session: { ...session, seed } };
    let policy: ProsePolicy = { dir: base, hash: baseHash };
    if (name !== "base") {
      const { value, run } = await alignProse(own, { way: name, ...chosen[name], topics: size.topics });
      aligned.push(value);
      runs.add(run);
      policy = value;
    }
    policies.push(policy);
    for (const decoding of ["greedy", "sampled"] as const) {
      const { value, run } = await evaluateProse(own, policy, "test", decoding);
      totals[decoding].push(value);
      runs.add(run);
    }
    const { value, run } = await probeProse(own, policy);
    probed.push(value);
    runs.add(run);
  }
  return {
    label: name === "base" ? "base" : proseWays[name].label,
    policies,
    aligned,
    totals,
    probed,
    runs: [...runs],
  };
}

/** As tables and comparisons take it. */
export function armOfProse({ label, totals, runs }: ProseArm, decoding: Decoding): Arm {
  return { label, runs: [...runs], seeds: totals[decoding].map(({ answers }) => answers) };
}
