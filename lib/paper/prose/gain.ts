/**
 * What a real model gained (notebook 10), how much of that is left when an answer's repetitions count once, and what
 * it says and knows now: a share of right sentences also rises by saying a right one again.
 */
import { sum } from "../../base/collections";
import { percent } from "../../base/percent";
import { Rng } from "../../base/rng";
import type { Columns, Interval } from "../../base/stats";
import { armDifference, perAnswer, type Arm } from "../../evaluation/arm";
import { intervalOf } from "../../evaluation/armTables";
import { pairedDifference } from "../../evaluation/compare";
import type { Decoding } from "../../lab/candidates";
import { armOfProse, type ProseArm, type ProseArmName } from "../../lab/prose/arms";
import type { ProseMeasure } from "../../lab/prose/totals";
import type { Session } from "../../lab/session";
import { runsOf } from "../../show/provenance";
import type { Table } from "../../show/table";

type Arms = Record<ProseArmName, ProseArm>;

const decodings = ["sampled", "greedy"] as const;
const others = ["base", "dpo", "random"] as const;

interface Gain {
  all: Interval;
  once: Interval;
  runs: string[];
}

/** Mask-DPO over another arm in points: of all sentences, and of each answer's different ones. */
function gainOver(other: (typeof others)[number], decoding: Decoding, { seed }: Session, arms: Arms): Gain {
  const rng = new Rng(seed).fork("prose gain").fork(`${other} ${decoding}`);
  const [a, b] = [arms.maskDpo, arms[other]];
  const all = armDifference(armOfProse(a, decoding), armOfProse(b, decoding), "score", rng.fork("all"));
  const once = pairedDifference(onceColumns(a, decoding), onceColumns(b, decoding), rng.fork("once"));
  return { all: intervalOf(all), once: percent(once), runs: runsOf(a, b) };
}

/** Different sentences that are no hallucination, and all different ones, [topics] over all seeds. */
function onceColumns({ totals }: ProseArm, decoding: Decoding): Columns {
  const of = (measure: ProseMeasure, topic: number) => sum(totals[decoding].map(({ prose }) => prose[measure][topic]!));
  const topics = totals[decoding][0]!.answers.topics;
  const different = topics.map((_, i) => of("different", i));
  return [different.map((count, i) => count - of("differentWrong", i)), different];
}

/** Mask-DPO against the base and both controls. */
export function proseGainTable(session: Session, arms: Arms): Table {
  return {
    name: "10-gain",
    caption: "Mask-DPO's gain (test, points), and what is left of it when an answer's repetitions count once",
    columns: [
      { key: "over", label: "Mask-DPO over" },
      { key: "decoding", label: "Answers" },
      { key: "all", label: "All sentences [95 %]", digits: 1 },
      { key: "once", label: "Each sentence once [95 %]", digits: 1 },
    ],
    rows: decodings.flatMap((decoding) =>
      others.map((other) => {
        const { all, once, runs } = gainOver(other, decoding, session, arms);
        return { over: arms[other].label, decoding, all, once, runs: runs.join(" ") };
      }),
    ),
  };
}

/** The same in sentences, with what an answer is like and what is known. */
export function proseInShort(session: Session, arms: Arms): string {
  const points = ({ value, low, high }: Interval) =>
    `${value > 0 ? "+" : ""}${value.toFixed(1)} [${low.toFixed(1)}, ${high.toFixed(1)}]`;
  const told = decodings.map((decoding) => {
    const [now, before] = [arms.maskDpo, arms.base].map((arm) => armOfProse(arm, decoding)) as [Arm, Arm];
    const of = (measure: Parameters<typeof perAnswer>[1]) =>
      `${perAnswer(now, measure).toFixed(2)} (${perAnswer(before, measure).toFixed(2)})`;
    const { all, once } = gainOver("base", decoding, session, arms);
    const how = decoding === "greedy" ? "Greedy" : "Sampled";
    return (
      `${how}: Mask-DPO over base ${points(all)} points, ${points(once)} where repetitions count once; ` +
      `an answer has ${of("correct")} right sentences, ${of("incorrect")} wrong, ${of("noFact")} without a fact, ` +
      `${of("repeated")} repeated (in brackets: the base).`
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
