/**
 * Real models as judges on people's labels (notebook 07): what `mask-dpo agreement --json` found for each, kept in
 * data/judges as `<model>.<protocol>.json`. The labels' texts are not kept, and no judge is asked here.
 */
import { readdirSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { UserError } from "../../base/check";
import { projectRoot } from "../../base/files";
import { parseJson, parseRow } from "../../base/jsonl";
import { percent } from "../../base/percent";
import { readText } from "../../base/textFile";
import { annotators } from "../../factuality/annotators/registry";
import type { Table } from "../../show/table";

const interval = z.object({ value: z.number(), low: z.number(), high: z.number() });
/** Of what the command prints, what the table shows. */
const agreementSchema = z.object({
  topics: z.number().int(),
  sentences: z.number().int(),
  verdicts: z.object({ accuracy: interval, kappa: interval }),
  hallucination: z.object({ accuracy: interval, kappa: interval, precision: interval, recall: interval }),
});

export interface JudgeAgreement extends z.output<typeof agreementSchema> {
  model: string;
  /** as `annotate --annotator` has it */
  protocol: string;
}

/** All that are kept, by name. @throws UserError for a file that is none, or of a protocol that there is not */
export function readJudges(folder = path.join(projectRoot, "data/judges")): JudgeAgreement[] {
  const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return names.sort().map((name) => {
    const file = path.join(folder, name);
    const [model = "", protocol = ""] = name.split(".");
    if (!annotators.some((one) => one.name === protocol))
      throw new UserError({
        where: file,
        expected: `a name like MODEL.PROTOCOL.json, with one of ${annotators.map((one) => one.name).join(", ")}`,
        got: name,
        fix: "Rename it.",
      });
    return { model, protocol, ...parseRow(agreementSchema, parseJson(readText(file), file), file) };
  });
}

/** A row a judge: of hallucination or not, then of all four verdicts. */
export function judgeTable(judges: readonly JudgeAgreement[]): Table {
  return {
    name: "07-judges",
    caption: "Real models as judges: agreement with people, sentence by sentence (95 % intervals over topics)",
    columns: [
      { key: "model", label: "Judge" },
      { key: "protocol", label: "Protocol" },
      { key: "sentences", label: "Sentences" },
      { key: "topics", label: "Topics" },
      { key: "accuracy", label: "% Hallucination or not" },
      { key: "kappa", label: "kappa", digits: 3 },
      { key: "precision", label: "% Precision" },
      { key: "recall", label: "% Recall" },
      { key: "verdicts", label: "% Four verdicts" },
      { key: "verdictKappa", label: "kappa", digits: 3 },
    ],
    rows: judges.map(({ model, protocol, sentences, topics, verdicts, hallucination }) => ({
      model,
      protocol,
      sentences,
      topics,
      accuracy: percent(hallucination.accuracy),
      kappa: hallucination.kappa,
      precision: percent(hallucination.precision),
      recall: percent(hallucination.recall),
      verdicts: percent(verdicts.accuracy),
      verdictKappa: verdicts.kappa,
    })),
  };
}
