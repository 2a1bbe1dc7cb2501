/** Tables of notebook 10: a real model's arms, how their scores were reached, settings, the annotator's agreement. */
import { sum } from "../../base/collections";
import { percent } from "../../base/percent";
import { Rng } from "../../base/rng";
import { bootstrap, mean, ratio } from "../../base/stats";
import { perAnswer } from "../../evaluation/arm";
import type { ArmRow } from "../../evaluation/armTables";
import { measured, type Claim } from "../../evaluation/claims";
import { verdictLabels } from "../../factuality/verdict";
import { armOfProse, proseArmNames, type ProseArm, type ProseArmName } from "../../lab/prose/arms";
import { proseWayNames, proseWays } from "../../lab/prose/experiment";
import type { LabelAgreement } from "../../lab/prose/labels";
import type { Search } from "../../lab/prose/search";
import type { ProseMeasure } from "../../lab/prose/totals";
import type { Decoding } from "../../lab/candidates";
import type { Session } from "../../lab/session";
import type { Table } from "../../show/table";
import { closedRelations } from "../../world/closedQuestions";
import { relationLabels } from "../../world/relationLabels";

type Arms = Record<ProseArmName, ProseArm>;

/** Rows of `armTable`; "facts" are the statements that the gazetteer found. */
export function proseRows(arms: Arms, decoding: Decoding): ArmRow[] {
  return proseArmNames.map((name) => ({ arm: armOfProse(arms[name], decoding) }));
}

/** What each score was reached by: how much is said, of that how much could be checked, and what is filler. */
export function proseHackingTable(arms: Arms, decoding: Decoding): Table {
  return {
    name: `10-hacking-${decoding}`,
    caption: `How the scores were reached (test, ${decoding}; means per answer)`,
    columns: [
      { key: "label", label: "Policy" },
      { key: "characters", label: "Characters", digits: 0 },
      { key: "sentences", label: "Sentences", digits: 2 },
      { key: "withFact", label: "Sentences with a fact (%)", digits: 1 },
      { key: "unverifiable", label: "Unverifiable (%)", digits: 1 },
      { key: "statements", label: "Statements", digits: 2 },
      { key: "checked", label: "Of these checked (%)", digits: 1 },
      { key: "relations", label: "Different relations", digits: 2 },
      { key: "repeated", label: "Repeated sentences", digits: 3 },
      { key: "cut", label: "Answers cut (%)", digits: 1 },
    ],
    rows: proseArmNames.map((name) => {
      const arm = armOfProse(arms[name], decoding);
      const of = (measure: Parameters<typeof perAnswer>[1]) => perAnswer(arm, measure);
      const prose = (measure: ProseMeasure) =>
        sum(arms[name].totals[decoding].map((totals) => sum(totals.prose[measure]))) /
        sum(arms[name].totals[decoding].map(({ answers }) => sum(answers.sums.answers)));
      return {
        label: arm.label,
        characters: of("characters"),
        sentences: of("sentences"),
        withFact: 100 * (1 - of("noFact") / of("sentences")),
        unverifiable: (100 * prose("unverifiable")) / of("sentences"),
        statements: of("facts"),
        checked: (100 * prose("checked")) / of("facts"),
        relations: of("relations"),
        repeated: of("repeated"),
        cut: 100 * prose("cut"),
        runs: arm.runs.join(" "),
      };
    }),
  };
}

/** The probe: belief in the right value, over all relations and of each. */
export function probeTable({ seed }: Session, arms: Arms): Table {
  const probed = arms.base.probed.flat();
  const relations = closedRelations.filter((name) => probed.some(({ relation }) => relation === name));
  const byChance = (rows: typeof probed) => 100 * mean(rows.map(({ values }) => 1 / values));
  const share = (arm: ProseArm, label: string, value: "probability" | "right", relation?: string) => {
    const rows = arm.probed.flat().filter((row) => relation === undefined || row.relation === relation);
    const topics = [...new Set(rows.map(({ topic }) => topic))];
    const of = (topic: string) => rows.filter((row) => row.topic === topic);
    const columns = [
      topics.map((topic) => sum(of(topic).map((row) => Number(row[value])))),
      topics.map((t) => of(t).length),
    ];
    return percent(
      bootstrap(columns, ratio, new Rng(seed).fork("probe").fork(`${label} ${value} ${relation ?? "all"}`)),
    );
  };
  return {
    name: "10-probe",
    caption: "Closed questions on test topics: probability of the right value among the values offered (%)",
    columns: [
      { key: "label", label: "Policy" },
      { key: "probability", label: "Probability [95 %]", digits: 1 },
      { key: "accuracy", label: "Right value likeliest [95 %]", digits: 1 },
      ...relations.map((relation) => ({ key: relation, label: relationLabels[relation], digits: 1 })),
    ],
    rows: [
      ...proseArmNames.map((name) => {
        const arm = arms[name];
        return {
          label: arm.label,
          probability: share(arm, arm.label, "probability"),
          accuracy: share(arm, arm.label, "right"),
          ...Object.fromEntries(relations.map((r) => [r, share(arm, arm.label, "probability", r)])),
          runs: arm.runs.join(" "),
        };
      }),
      {
        label: "choosing at random",
        probability: byChance(probed),
        accuracy: byChance(probed),
        ...Object.fromEntries(relations.map((r) => [r, byChance(probed.filter(({ relation }) => relation === r))])),
      },
    ],
  };
}

/** What every way was tried with, and what the rule chose. */
export function searchTable({ base, trials, chosen, runs }: Search): Table {
  const row = (label: string, { score, supported, noFact }: Search["base"]) => ({ label, score, supported, noFact });
  return {
    name: "10-search",
    caption: "Rate and beta, chosen for each way on validation topics by one rule (sampled)",
    runs: [...runs],
    columns: [
      { key: "label", label: "Policy" },
      { key: "lr", label: "Learning rate" },
      { key: "beta", label: "beta", digits: 2 },
      { key: "score", label: "Score (%)", digits: 1 },
      { key: "supported", label: "# Correct", digits: 2 },
      { key: "noFact", label: "# No fact", digits: 2 },
      { key: "chosen", label: "Chosen" },
    ],
    rows: [
      { ...row("base", base), lr: "", beta: null, chosen: "" },
      ...proseWayNames.flatMap((way) =>
        trials[way].map((trial) => ({
          ...row(proseWays[way].label, trial),
          lr: trial.lr.toExponential(0),
          beta: trial.beta,
          chosen: trial.lr === chosen[way].lr && trial.beta === chosen[way].beta ? "yes" : "",
        })),
      ),
    ],
  };
}

/** How the gazetteer agrees with sentences that were judged by reading. */
export function labelAgreementTable(halves: readonly LabelAgreement[]): Table {
  return {
    name: "10-annotator",
    caption: "The annotator against sentences judged by reading (it was corrected on the first half only)",
    columns: [
      { key: "half", label: "Half" },
      { key: "verdict", label: "Verdict" },
      { key: "labelled", label: "# Read" },
      { key: "judged", label: "# Annotator" },
      { key: "precision", label: "Precision (%) [95 %]", digits: 1 },
      { key: "recall", label: "Recall (%) [95 %]", digits: 1 },
    ],
    rows: halves.flatMap(({ half, agreement, verdicts }) => [
      ...verdicts.map(({ verdict, labelled, judged, precision, recall }) => ({
        half,
        verdict: verdictLabels[verdict].label,
        labelled,
        judged,
        precision: percent(precision),
        recall: percent(recall),
      })),
      {
        half,
        verdict: "hallucination (Eq. 4)",
        labelled: agreement.sentences,
        judged: agreement.sentences,
        precision: percent(agreement.hallucination.precision),
        recall: percent(agreement.hallucination.recall),
      },
    ]),
  };
}

/** That one arm scores higher than another. */
export function proseClaim(
  { seed }: Pick<Session, "seed">,
  arms: Arms,
  [higher, lower]: readonly [ProseArmName, ProseArmName],
  decoding: Decoding,
  source: string,
): Claim {
  const [a, b] = [armOfProse(arms[higher], decoding), armOfProse(arms[lower], decoding)];
  const text = `${a.label} > ${b.label}, SmolLM2-135M, ${decoding}`;
  return measured({ text, source, printed: null, higher: a, lower: b }, new Rng(seed).fork(text));
}

/** What the paper says of its models, here of this one. */
export function proseClaims(session: Session, arms: Arms): Claim[] {
  return (["greedy", "sampled"] as const).flatMap((decoding) => [
    proseClaim(session, arms, ["maskDpo", "base"], decoding, "Table 1"),
    proseClaim(session, arms, ["maskDpo", "dpo"], decoding, "Table 2"),
    proseClaim(session, arms, ["maskDpo", "random"], decoding, "control"),
    proseClaim(session, arms, ["factsOnly", "maskDpo"], decoding, "control"),
  ]);
}
