/** `mask-dpo agreement`: how far an annotator agrees with human labels. */

import { percent } from "../base/percent";
import { Rng } from "../base/rng";
import { type Agreement, agreement, verdictOrder } from "../factuality/agreement";
import { readAnnotated } from "../factuality/annotatedFile";
import { verdictLabels } from "../factuality/verdict";
import type { Table } from "../show/table";
import { questionsOf } from "../world/questionFile";

export interface AgreementRequest {
  human: string;
  annotated: string;
  questions?: string;
  seed: number;
}

/** Agreement of two files of annotated candidates. */
export function agreementVerb(request: AgreementRequest): Agreement {
  return agreement(
    readAnnotated(request.human),
    readAnnotated(request.annotated),
    questionsOf(request.questions),
    new Rng(request.seed).fork("agreement"),
  );
}

/** Statistics with their intervals, and the confusion matrix. */
export function agreementTables({ topics, sentences, confusion, verdicts, hallucination }: Agreement): Table[] {
  const label = (verdict: (typeof verdictOrder)[number]): string => verdictLabels[verdict].label;
  return [
    {
      name: "agreement",
      caption: `Agreement with human labels on ${sentences} sentences of ${topics} topics (95 % intervals over topics)`,
      columns: [
        { key: "of", label: "Of" },
        { key: "accuracy", label: "% Accuracy" },
        { key: "kappa", label: "kappa", digits: 3 },
        { key: "precision", label: "% Precision" },
        { key: "recall", label: "% Recall" },
        { key: "f1", label: "% F1" },
      ],
      rows: [
        {
          of: "hallucination or not",
          accuracy: percent(hallucination.accuracy),
          kappa: hallucination.kappa,
          precision: percent(hallucination.precision),
          recall: percent(hallucination.recall),
          f1: percent(hallucination.f1),
        },
        {
          of: "four verdicts",
          accuracy: percent(verdicts.accuracy),
          kappa: verdicts.kappa,
          precision: null,
          recall: null,
          f1: null,
        },
      ],
    },
    {
      name: "confusion",
      caption: "Sentences by human (rows) and annotator (columns)",
      columns: [
        { key: "human", label: "Human" },
        ...verdictOrder.map((verdict) => ({ key: verdict, label: label(verdict) })),
      ],
      rows: verdictOrder.map((human, i) => ({
        human: label(human),
        ...Object.fromEntries(verdictOrder.map((verdict, j) => [verdict, confusion[i]![j]!])),
      })),
    },
  ];
}
