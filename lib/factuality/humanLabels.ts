/**
 * Human labels of FActScore (Min et al. 2023, §3): a model's biographies, cut by people into sentences and atomic
 * facts, each fact judged against Wikipedia. One JSONL file per model, one row per topic; a row without annotations
 * abstained.
 *
 * A sentence judged irrelevant as a whole has no labelled facts; its machine-made facts count as irrelevant, which is
 * how the published scores come out (`factScore`).
 *
 * Verdict of a sentence: one NS fact makes it a hallucination, as one wrong claim makes a_i = 1 in Mask-DPO's own
 * annotation; else one S fact makes it supported; IR facts alone, or no facts, say nothing about the topic: no-fact. NS
 * means "contradicted or not found", which these labels do not tell apart; the weaker `unverifiable` stands for both.
 */
import { z } from "zod";
import { UserError, brief } from "../base/check";
import { readNumberedJsonl } from "../base/jsonl";
import { locateSentences } from "../text/locate";
import { type FactLabel, factLabelSchema } from "./factScore";
import type { AnnotatedCandidate, Question, Sentence, Verdict } from "./records";

const factSchema = z.object({ text: z.string() }).strict();
const annotationSchema = z
  .object({
    text: z.string(),
    "is-relevant": z.boolean(),
    "model-atomic-facts": z.array(factSchema),
    "human-atomic-facts": z.array(factSchema.extend({ label: factLabelSchema }).strict()).nullable(),
  })
  .strict()
  .refine((row) => row["is-relevant"] === (row["human-atomic-facts"] !== null), {
    message: "expected labelled facts where the sentence is relevant, and null where it is not",
  });

/** The authors' classes of how frequent a topic is, rarest first. */
export const raritySchema = z.enum(["very rare", "rare", "medium", "freq", "very freq"]);
export type Rarity = z.infer<typeof raritySchema>;

const rowSchema = z
  .object({
    input: z.string().min(1),
    output: z.string(),
    topic: z.string().min(1),
    cat: z.tuple([raritySchema, z.string()]),
    annotations: z.array(annotationSchema).nullable(),
  })
  .strict();

/** What one model said about one topic. */
export interface HumanResponse {
  /** file:line */
  where: string;
  topic: string;
  prompt: string;
  completion: string;
  rarity: Rarity;
  /** null: the model abstained; `supported` are its facts that people found to be true. */
  sentences: { text: string; labels: FactLabel[]; supported: string[] }[] | null;
}

/** All responses of one model. @throws UserError with file:line for a bad row or a topic that comes twice */
export function readHumanLabels(file: string): HumanResponse[] {
  const seen = new Map<string, number>();
  return readNumberedJsonl(file, rowSchema).map(({ row: { topic, input, output, cat, annotations }, line }) => {
    const where = `${file}:${line}`;
    const before = seen.get(topic);
    if (before !== undefined)
      throw new UserError({
        where,
        expected: "every topic once",
        got: `${brief(topic)} again (first on line ${before})`,
        fix: "Remove one of the rows.",
      });
    seen.set(topic, line);
    return {
      where,
      topic,
      prompt: input,
      completion: output,
      rarity: cat[0],
      sentences:
        annotations?.map((row) => ({ text: row.text, labels: labelsOf(row), supported: supportedFacts(row) })) ?? null,
    };
  });
}

function labelsOf(row: z.infer<typeof annotationSchema>): FactLabel[] {
  return row["human-atomic-facts"]?.map(({ label }) => label) ?? row["model-atomic-facts"].map(() => "IR");
}

function supportedFacts(row: z.infer<typeof annotationSchema>): string[] {
  return (row["human-atomic-facts"] ?? []).flatMap(({ text, label }) => (label === "S" ? [text] : []));
}

/** The rule of this file's header. */
export function sentenceVerdict(labels: readonly FactLabel[]): Verdict {
  if (labels.includes("NS")) return "unverifiable";
  return labels.includes("S") ? "supported" : "no-fact";
}

/** Labels of all facts of a response, for `factScore`; null where it abstained. */
export function factLabels({ sentences }: HumanResponse): FactLabel[] | null {
  return sentences?.flatMap(({ labels }) => labels) ?? null;
}

/** How a model's sentences were found in its responses: verbatim + loose + missing = sentences. */
export interface LocationReport {
  sentences: number;
  verbatim: number;
  /** Found without regard to white space and citation marks. */
  loose: number;
  /** file:line and number of each sentence that its response does not have; such a response becomes no candidate. */
  missing: string[];
}

/** Responses as candidates of the model with this index; those that abstained, or miss a sentence, are left out. */
export function humanCandidates(
  responses: readonly HumanResponse[],
  index: number,
): { candidates: AnnotatedCandidate[]; report: LocationReport } {
  const report: LocationReport = { sentences: 0, verbatim: 0, loose: 0, missing: [] };
  const candidates = responses.flatMap(({ where, topic, completion, sentences }): AnnotatedCandidate[] => {
    if (!sentences) return [];
    const located = locateSentences(
      completion,
      sentences.map(({ text }) => text),
    );
    const spans = located.flatMap((span, s): Sentence[] => {
      report.sentences++;
      if (span) report[span.verbatim ? "verbatim" : "loose"]++;
      else report.missing.push(`${where} sentence ${s + 1}`);
      return span ? [{ start: span.start, end: span.end, verdict: sentenceVerdict(sentences[s]!.labels) }] : [];
    });
    return spans.length === located.length ? [{ questionId: topic, index, completion, seed: 0, sentences: spans }] : [];
  });
  return { candidates, report };
}

/** One question per topic of any model. @throws UserError where two models were asked differently */
export function humanQuestions(models: readonly (readonly HumanResponse[])[]): Question[] {
  const asked = new Map<string, HumanResponse>();
  for (const response of models.flat()) {
    const first = asked.get(response.topic) ?? response;
    asked.set(response.topic, first);
    if (first.prompt !== response.prompt) {
      throw new UserError({
        where: response.where,
        expected: `the prompt of ${first.where}, ${brief(first.prompt)}`,
        got: brief(response.prompt),
        fix: "Compare models on the same prompts.",
      });
    }
  }
  return [...asked.values()].map(({ topic, prompt }) => ({
    id: topic,
    topic,
    prompt: [{ role: "user", content: prompt }],
  }));
}

/** What people found to be true of a topic in any model's response, each fact once, in the order of the responses. */
export interface SupportedFacts {
  topic: string;
  facts: string[];
}

/** Of the topics of which anything was found to be true. */
export function supportedByTopic(models: readonly (readonly HumanResponse[])[]): SupportedFacts[] {
  const facts = new Map<string, Set<string>>();
  for (const { topic, sentences } of models.flat()) {
    const known = facts.get(topic) ?? new Set<string>();
    facts.set(topic, known);
    for (const fact of sentences?.flatMap(({ supported }) => supported) ?? []) known.add(fact);
  }
  return [...facts].flatMap(([topic, known]) => (known.size > 0 ? [{ topic, facts: [...known] }] : []));
}
