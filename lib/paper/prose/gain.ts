/**
 * What a real model gained (notebook 10), how much of that is left when an answer's repetitions count once, and what
 * it says and knows now: a share of right sentences also rises by saying a right one again.
 */
import { Rng } from "../../base/rng";
import type { Interval } from "../../base/stats";
import { armDifference, perAnswer, type Arm } from "../../evaluation/arm";
import { intervalOf } from "../../evaluation/armTables";
import type { Claim } from "../../evaluation/claims";
import type { Decoding } from "../../lab/candidates";
import { armOfProse, type ProseArm, type ProseArmName } from "../../lab/prose/arms";
import type { Session } from "../../lab/session";
import type { Table } from "../../show/table";
import { proseClaim } from "./tables";

type Arms = Record<ProseArmName, ProseArm>;

/** Mask-DPO over another arm. */
interface Gain {
  over: "base" | "dpo" | "random";
  decoding: Decoding;
  all: Claim;
  /** each different sentence of an answer once */
  once: Claim;
}

function gains(session: Session, arms: Arms): Gain[] {
  return (["sampled", "greedy"] as const).flatMap((decoding) =>
    (["base", "dpo", "random"] as const).map((over) => {
      const all = proseClaim(session, arms, ["maskDpo", over], decoding, "control");
      const text = `${all.text}, each sentence once`;
      const [ours, theirs] = [onceOf(arms.maskDpo, decoding), onceOf(arms[over], decoding)];
      const here = armDifference(ours, theirs, "score", new Rng(session.seed).fork(text));
      return { over, decoding, all, once: { ...all, text, here } };
    }),
  );
}

/** An arm whose answers say each sentence once, however often they do. */
function onceOf(arm: ProseArm, decoding: Decoding): Arm {
  const seeds = arm.totals[decoding].map(({ answers, prose }) => ({
    ...answers,
    sums: { ...answers.sums, sentences: prose.different, incorrect: prose.differentWrong },
  }));
  return { ...armOfProse(arm, decoding), seeds };
}

/** That Mask-DPO scores higher where each different sentence of an answer counts once. */
export function proseOnceClaims(session: Session, arms: Arms): Claim[] {
  return gains(session, arms).map(({ once }) => once);
}

/** Mask-DPO against the base and both controls. */
export function proseGainTable(session: Session, arms: Arms): Table {
  return {
    name: "10-gain",
    caption: "Mask-DPO's gain (test, points), and what is left of it when an answer's repetitions count once",
    columns: [
      { key: "over", label: "Mask-DPO over" },
      { key: "decoding", label: "Answers" },
      { key: "all", label: "All sentences [95 %]" },
      { key: "once", label: "Each sentence once [95 %]" },
    ],
    rows: gains(session, arms).map(({ over, decoding, all, once }) => ({
      over: arms[over].label,
      decoding,
      all: intervalOf(all.here),
      once: intervalOf(once.here),
      runs: once.here.runs.join(" "),
    })),
  };
}

/** The same in sentences, with what an answer is like and what is known. */
export function proseInShort(session: Session, arms: Arms): string {
  const points = ({ value, low, high }: Interval) =>
    `${value > 0 ? "+" : ""}${value.toFixed(1)} [${low.toFixed(1)}, ${high.toFixed(1)}]`;
  const told = gains(session, arms)
    .filter(({ over }) => over === "base")
    .map(({ decoding, all, once }) => {
      const [now, before]: [Arm, Arm] = [armOfProse(arms.maskDpo, decoding), armOfProse(arms.base, decoding)];
      const of = (measure: Parameters<typeof perAnswer>[1]) =>
        `${perAnswer(now, measure).toFixed(2)} (${perAnswer(before, measure).toFixed(2)})`;
      return (
        `${decoding === "greedy" ? "Greedy" : "Sampled"}: Mask-DPO over base ${points(all.here)} points, ` +
        `${points(once.here)} where repetitions count once; an answer has ${of("correct")} right sentences, ` +
        `${of("incorrect")} wrong, ${of("noFact")} without a fact, ${of("repeated")} repeated (in brackets: the base).`
      );
    });
  const known = ({ probed }: ProseArm) => {
    const all = probed.flat();
    return ((100 * all.filter(({ right }) => right).length) / all.length).toFixed(1);
  };
  return [
    ...told,
    `Closed questions: the right value is the likeliest in ${known(arms.maskDpo)} % (${known(arms.base)} %).`,
  ].join("\n");
}
