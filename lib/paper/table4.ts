/** Table 4: how many topics the pairs cover, against how many questions of each. */
import { Rng } from "../base/rng";
import { armDifference, type Arm } from "../evaluation/arm";
import type { ArmRow } from "../evaluation/armTables";
import { differenceCurve, scoreCurve } from "../evaluation/charts";
import { measured, type Claim, type Comparison } from "../evaluation/claims";
import type { PairSource } from "../lab/pairSource";
import { armOf, type AlignedArm } from "../lab/runArms";
import type { Session } from "../lab/session";
import { sampled, type ArmSpec, type Study } from "../lab/study";
import type { Curve } from "../show/figure/curves";
import { palette, type SeriesStyle } from "../show/palette";
import { printedGain, table4 } from "./printed";
import { maskArms } from "./table2";

type Part = "topic1" | "topic2" | "question1" | "question2";

/** A third or two thirds of the topics, or of the questions of every topic; all of both is Mask-DPO itself. */
export function scalingArms({ preset }: Session): Record<Part, ArmSpec> {
  const arm = (label: string, pairs: Partial<PairSource>): ArmSpec => ({
    label,
    setting: { pairs },
    seeds: preset.seeds,
    evaluations: sampled,
  });
  const { topics } = preset;
  return {
    topic1: arm("1/3 of the topics", { topics: topics / 3 }),
    topic2: arm("2/3 of the topics", { topics: (2 * topics) / 3 }),
    question1: arm("1 question a topic", { questionsPerTopic: 1 }),
    question2: arm("2 questions a topic", { questionsPerTopic: 2 }),
  };
}

/** What Table 4 runs. */
export const study: Study = {
  notebook: "04",
  arms: (session) => [maskArms(session).paper, ...Object.values(scalingArms(session))],
};

/** Arms by thirds of one dimension, all of it last. */
export interface Scaling {
  topic: [Arm, Arm, Arm];
  question: [Arm, Arm, Arm];
}

/** Brings the arms of Table 4 in order. @param all Mask-DPO on everything, with as many seeds */
export function scalingOf(arms: Record<Part, AlignedArm>, all: Arm): Scaling {
  const of = (part: Part): Arm => armOf(arms[part], "test sampled");
  return {
    topic: [of("topic1"), of("topic2"), { ...all, label: "all topics" }],
    question: [of("question1"), of("question2"), { ...all, label: "all questions" }],
  };
}

export function table4Rows({ topic, question }: Scaling): ArmRow[] {
  return [
    ...topic.map((arm, i) => ({ arm, printed: table4.topic[i] })),
    ...question.map((arm, i) => ({ arm, printed: table4.question[i] })),
  ];
}

/** §4.1: more topics help; so do more questions; and of as many pairs those that cover all topics teach more. */
export function table4Claims({ seed }: Session, { topic, question }: Scaling): Claim[] {
  const { topic: t, question: q } = table4;
  const comparisons: Omit<Comparison, "source">[] = [
    {
      text: "all topics > a third of them",
      printed: printedGain(t[0], t[2]),
      higher: topic[2],
      lower: topic[0],
    },
    {
      text: "all topics > two thirds",
      printed: printedGain(t[1], t[2]),
      higher: topic[2],
      lower: topic[1],
    },
    {
      text: "3 questions a topic > 1",
      printed: printedGain(q[0], q[2]),
      higher: question[2],
      lower: question[0],
    },
    {
      text: "all topics with 1 question > a third with 3",
      printed: printedGain(t[0], q[0]),
      higher: question[0],
      lower: topic[0],
    },
    {
      text: "all topics with 2 questions > two thirds with 3",
      printed: printedGain(t[1], q[1]),
      higher: question[1],
      lower: topic[1],
    },
  ];
  const rng = new Rng(seed);
  return comparisons.map((comparison) => measured({ ...comparison, source: "Table 4" }, rng.fork(comparison.text)));
}

/** Score against thirds of the pairs, by dimension; the paper's beside. */
export function scalingCurves({ seed }: Session, scaling: Scaling): Curve[] {
  const thirds = [1 / 3, 2 / 3, 1];
  const rng = new Rng(seed).fork("scaling");
  const here = (label: string, key: keyof Scaling, style: SeriesStyle): Curve =>
    scoreCurve(
      label,
      style,
      scaling[key].map((arm, i) => ({ x: thirds[i]!, arm })),
      rng.fork(key),
    );
  const { dash, symbol } = palette.printed;
  const printed = (label: string, y: readonly number[], style: SeriesStyle): Curve => ({
    label,
    style: { ...style, dash, symbol },
    x: thirds,
    y,
  });
  return [
    here("scaling topics", "topic", palette.maskDpo),
    here("scaling questions", "question", palette.dpo),
    printed("paper: topics", table4.topic, palette.maskDpo),
    printed("paper: questions", table4.question, palette.dpo),
  ];
}

/** As many pairs of all topics with fewer questions, minus those of fewer topics with all: paired, and in the paper. */
export function scalingLeads({ seed }: Session, { topic, question }: Scaling): Curve[] {
  const rng = new Rng(seed).fork("scaling leads");
  const shares = [0, 1] as const; // of all pairs there is one arm only
  const points = shares.map((i) => ({
    x: (i + 1) / 3,
    difference: armDifference(question[i], topic[i], "score", rng.fork(i)),
  }));
  return [
    differenceCurve("all topics minus all questions", palette.chosen, points),
    {
      label: "paper: all topics minus all questions",
      style: palette.printed,
      x: points.map(({ x }) => x),
      y: shares.map((i) => printedGain(table4.topic[i], table4.question[i])),
    },
  ];
}
