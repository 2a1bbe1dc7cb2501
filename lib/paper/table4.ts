/** What the pairs are made of (Table 3) and how many topics and questions they cover (Table 4): arms of notebooks 03 and 04 as rows, curves and claims. */
import { Rng } from "../base/rng";
import { armDifference, type Arm } from "../evaluation/arm";
import type { ArmRow } from "../evaluation/armTables";
import type { Claim } from "../evaluation/claims";
import type { EvaluationName } from "../lab/evaluate";
import type { Curve } from "../show/figure/curves";
import { scoreCurve } from "./conditions";
import { mixingOf } from "../preference/mixing";
import { pairsOf } from "../lab/pairSource";
import { palette } from "../show/palette";
import { paperGain, table1, table3, table4 } from "./printed";
import { armOf, type AlignedArm } from "../lab/runArms";
import type { Session } from "../lab/session";
import { experimentOf } from "../lab/suite";
import type { Table } from "../show/table";

/** Sides of the pairs of the first seed, by who wrote them. */
export async function pairQualityTable(session: Session): Promise<Table> {
  const sources = { policy: {}, "other policy": { author: "other" }, "policy + document": { document: true } } as const;
  const rows = [];
  for (const [label, pairs] of Object.entries(sources)) {
    const { sentences, scores, pairs: count } = mixingOf(await pairsOf(session, experimentOf(session, session.seed, { pairs }).pairs));
    rows.push({ label, pairs: count, chosen: 100 * scores.chosen, rejected: 100 * scores.rejected, wrong: 100 * sentences.wrongInChosen, right: 100 * sentences.rightInRejected });
  }
  return {
    name: "03-pairs", caption: "Pairs by who wrote the candidates (first seed)",
    columns: [{ key: "label", label: "Candidates from" }, { key: "pairs", label: "Pairs", digits: 0 }, { key: "chosen", label: "Score of chosen (%)" }, { key: "rejected", label: "Score of rejected (%)" }, { key: "wrong", label: "Wrong in chosen (%)" }, { key: "right", label: "Right in rejected (%)" }],
    rows,
  };
}

/** Rows of Table 3, the base first. */
export function table3Rows(base: Arm, maskDpo: Arm, sampling: Record<"other" | "document", AlignedArm>, evaluation: EvaluationName): ArmRow[] {
  const row = (arm: Arm, key: keyof typeof table3): ArmRow => ({ arm, paper: table3[key].score, paperFacts: table3[key].facts });
  return [{ arm: base, paper: table1.base.score, paperFacts: table1.base.facts }, row(armOf(sampling.other, evaluation), "other"), row(armOf(sampling.document, evaluation), "document"), row({ ...maskDpo, label: "policy" }, "policy")];
}

/** §3.3: the policy's own samples teach most; with a document for chosen only, alignment even harms. */
export function samplingClaims({ seed }: Session, evaluation: EvaluationName, base: Arm, maskDpo: Arm, sampling: Record<"other" | "document", AlignedArm>): Claim[] {
  const decoding = evaluation.split(" ")[1]!;
  const claim = (text: string, paper: number, a: Arm, b: Arm): Claim => ({ text: `${text}, ${decoding}`, source: "Table 3", paper, here: armDifference(a, b, "score", new Rng(seed).fork(text).fork(evaluation)) });
  const [other, document] = [armOf(sampling.other, evaluation), armOf(sampling.document, evaluation)];
  return [
    claim("own samples > another policy's", paperGain(table3.other.score, table3.policy.score), maskDpo, other),
    claim("another policy's samples > base", paperGain(table1.base.score, table3.other.score), other, base),
    claim("own samples > samples with a document for chosen", paperGain(table3.document.score, table3.policy.score), maskDpo, document),
    claim("base > samples with a document for chosen", paperGain(table3.document.score, table1.base.score), base, document),
  ];
}

/** Arms by thirds of one dimension, all of it last. */
export interface Scaling {
  topic: [Arm, Arm, Arm];
  question: [Arm, Arm, Arm];
}

/** Brings the arms of Table 4 in order. @param all Mask-DPO on everything, with as many seeds */
export function scalingOf(arms: Record<"topic1" | "topic2" | "question1" | "question2", AlignedArm>, all: Arm): Scaling {
  const of = (key: keyof typeof arms) => armOf(arms[key], "test sampled");
  return { topic: [of("topic1"), of("topic2"), { ...all, label: "all topics" }], question: [of("question1"), of("question2"), { ...all, label: "all questions" }] };
}

export function table4Rows({ topic, question }: Scaling): ArmRow[] {
  return [...topic.map((arm, i) => ({ arm, paper: table4.topic[i] })), ...question.map((arm, i) => ({ arm, paper: table4.question[i] }))];
}

/** §4.1: more topics help; so do more questions; and of as many pairs those that cover all topics teach more. */
export function scalingClaims({ seed }: Session, { topic, question }: Scaling): Claim[] {
  const claim = (text: string, paper: number, a: Arm, b: Arm): Claim => ({ text, source: "Table 4", paper, here: armDifference(a, b, "score", new Rng(seed).fork(text)) });
  const [t, q] = [table4.topic, table4.question];
  return [
    claim("all topics > a third of them", paperGain(t[0], t[2]), topic[2], topic[0]),
    claim("all topics > two thirds", paperGain(t[1], t[2]), topic[2], topic[1]),
    claim("3 questions a topic > 1", paperGain(q[0], q[2]), question[2], question[0]),
    claim("all topics with 1 question > a third with 3", paperGain(t[0], q[0]), question[0], topic[0]),
    claim("all topics with 2 questions > two thirds with 3", paperGain(t[1], q[1]), question[1], topic[1]),
  ];
}

/** Score against thirds of the pairs, by dimension; the paper's beside. */
export function scalingCurves({ seed }: Session, scaling: Scaling): Curve[] {
  const thirds = [1 / 3, 2 / 3, 1], rng = new Rng(seed).fork("scaling");
  const ours = (label: string, key: keyof Scaling, style: Curve["style"]) => scoreCurve(label, style, scaling[key].map((arm, i) => ({ x: thirds[i]!, arm })), rng.fork(key));
  const paper = (label: string, y: readonly number[], style: Curve["style"]): Curve => ({ label, style: { ...style, dash: palette.paper.dash, symbol: palette.paper.symbol }, x: thirds, y });
  return [ours("scaling topics", "topic", palette.maskDpo), ours("scaling questions", "question", palette.dpo), paper("paper: topics", table4.topic, palette.maskDpo), paper("paper: questions", table4.question, palette.dpo)];
}
