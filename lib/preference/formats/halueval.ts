/**
 * Responses whose hallucinated parts are given as strings, as HaluEval's general queries have them (RUCAIBox/HaluEval;
 * its other files: `haluevalPairs.ts`): user_query, chatgpt_response, hallucination (yes or no), hallucination_spans.
 *
 * A sentence that a span touches is unverifiable, the weaker of the two verdicts, which the labels do not tell apart;
 * every other sentence is supported. A span stands where the response has it first, white space and citation marks
 * aside. A response with a span it does not have, or with hallucinations but no span, is left out and named.
 */
import { z } from "zod";
import { parseRow } from "../../base/jsonl";
import type { LocationReport } from "../../factuality/humanLabels";
import type { AnnotatedCandidate, Question } from "../../factuality/records";
import { locateSentences } from "../../text/locate";
import { splitSentences } from "../../text/sentence";
import { keysBeside } from "./pairRow";
import type { Row } from "./rows";

const label = z
  .string()
  .toLowerCase()
  .pipe(z.enum(["yes", "no"]));
const columns = z.object({
  user_query: z.string().min(1),
  chatgpt_response: z.string(),
  hallucination: label.optional(),
  hallucination_label: label.optional(),
  hallucination_spans: z.array(z.string()).default([]),
});
const rowSchema = columns
  .transform(({ hallucination, hallucination_label, ...row }) => ({
    ...row,
    label: hallucination ?? hallucination_label,
  }))
  .refine((row) => row.label !== undefined, { message: "expected hallucination: yes or no", path: ["hallucination"] })
  .refine(({ label, hallucination_spans }) => label === "yes" || hallucination_spans.length === 0, {
    message: "expected none where hallucination is no",
    path: ["hallucination_spans"],
  });

/** Columns of such a row that are not used. */
export const haluevalUnused = (value: unknown): string[] => keysBeside(value, Object.keys(columns.shape));

export interface HaluevalCandidates {
  questions: Question[];
  candidates: AnnotatedCandidate[];
  /** Counts spans. */
  report: LocationReport;
}

/**
 * All responses that can be annotated; the n-th to the same query is candidate n.
 * @throws UserError with file:line for a bad row
 */
export function haluevalCandidates(rows: readonly Row[]): HaluevalCandidates {
  const report: LocationReport = { sentences: 0, verbatim: 0, loose: 0, missing: [] };
  const asked = new Map<string, number>(); // query -> responses seen
  const candidates = rows.flatMap(({ value, where }): AnnotatedCandidate[] => {
    const { user_query, chatgpt_response: completion, label, hallucination_spans } = parseRow(rowSchema, value, where);
    const index = asked.get(user_query) ?? 0;
    asked.set(user_query, index + 1);
    const spans = hallucination_spans.flatMap((text, s) => {
      const span = locateSentences(completion, [text])[0];
      report.sentences++;
      if (span) report[span.verbatim ? "verbatim" : "loose"]++;
      else report.missing.push(`${where} span ${s + 1}`);
      return span ?? [];
    });
    if (label === "yes" && hallucination_spans.length === 0) report.missing.push(`${where} any span`);
    if (spans.length < hallucination_spans.length || (label === "yes" && spans.length === 0)) return [];
    const sentences = splitSentences(completion).map(({ start, end }) => ({
      start,
      end,
      verdict: spans.some((span) => span.start < end && start < span.end)
        ? ("unverifiable" as const)
        : ("supported" as const),
    }));
    return [{ questionId: user_query, index, completion, seed: 0, sentences }];
  });
  return {
    questions: [...asked.keys()].map((query) => ({
      id: query,
      topic: query,
      prompt: [{ role: "user", content: query }],
    })),
    candidates,
    report,
  };
}
