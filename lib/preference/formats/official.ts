/**
 * The official code's rows (open-compass/ANAH, maskdpo/dataset.py): messages, and per side the sentences as strings
 * with their labels. Its trainer knows hallucination and no_hallucination; its annotator writes ok, nofact,
 * contradictory and unverifiable, with which the trainer masks nothing and does not say so. Both are read, the first is
 * written.
 *
 * Without the column of pairRow.ts lost are: question id, topic, token ids, and which of two verdicts it was:
 * no_hallucination is read as supported, hallucination as unverifiable, the weaker of the two.
 * Sentences are written as annotated, without the space behind them: the official code, which tokenises each by itself
 * and adds up the lengths, goes wrong on fewer pairs so (`officialMask.ts`).
 */
import { z } from "zod";
import { UserError } from "../../base/check";
import { parseRow } from "../../base/jsonl";
import type { LocationReport } from "../../factuality/humanLabels";
import type { Sentence, Verdict } from "../../factuality/records";
import { isHallucination } from "../../factuality/verdict";
import { locateSentences } from "../../text/locate";
import type { Side } from "../mask";
import type { PreferenceSide } from "../pair";
import {
  type PairFormat,
  assistant,
  assistantSchema,
  barePair,
  columnOf,
  columnSchema,
  keysBeside,
  pairOfRow,
  promptSchema,
} from "./pairRow";

const verdicts = {
  hallucination: "unverifiable",
  no_hallucination: "supported",
  ok: "supported",
  nofact: "no-fact",
  contradictory: "contradictory",
  unverifiable: "unverifiable",
} as const satisfies Record<string, Verdict>;
type Label = keyof typeof verdicts;

const itemSchema = z
  .object({ sents: z.array(z.string()), type: z.array(z.enum(Object.keys(verdicts) as [Label, ...Label[]])) })
  .refine(({ sents, type }) => sents.length === type.length, { message: "expected one type for each of sents" });
type Item = z.infer<typeof itemSchema>;
const message = z.array(assistantSchema).length(1);
const rowSchema = z.object({
  prompt: promptSchema,
  chosen: message,
  chosen_item: itemSchema,
  rejected: message,
  rejected_item: itemSchema,
  ...columnSchema,
});

/** What its trainer reads of a side. @throws UserError for a row of another shape */
export function officialItems(value: unknown, where: string): Record<Side, Item> {
  const { chosen_item: chosen, rejected_item: rejected } = parseRow(rowSchema, value, where);
  return { chosen, rejected };
}

const itemOf = ({ completion, sentences }: PreferenceSide): Item => ({
  sents: sentences.map(({ start, end }) => completion.slice(start, end)),
  type: sentences.map(({ verdict }) => (isHallucination(verdict) ? "hallucination" : "no_hallucination")),
});

export const official: PairFormat = {
  write: (pair) => ({
    prompt: pair.prompt,
    chosen: [assistant(pair.chosen.completion)],
    chosen_item: itemOf(pair.chosen),
    rejected: [assistant(pair.rejected.completion)],
    rejected_item: itemOf(pair.rejected),
    ...columnOf(pair),
  }),
  read(value, where, report) {
    const row = parseRow(rowSchema, value, where);
    const texts = { prompt: row.prompt, chosen: row.chosen[0]!.content, rejected: row.rejected[0]!.content };
    if (typeof row.mask_dpo === "string") {
      const pair = pairOfRow(texts, row.mask_dpo, where);
      checkAgreement(pair.chosen, row.chosen_item, `${where}, chosen_item`);
      checkAgreement(pair.rejected, row.rejected_item, `${where}, rejected_item`);
      const count = pair.chosen.sentences.length + pair.rejected.sentences.length;
      report.sentences += count;
      report.verbatim += count;
      return pair;
    }
    const chosen = locate(texts.chosen, row.chosen_item, `${where} chosen`, report);
    const rejected = locate(texts.rejected, row.rejected_item, `${where} rejected`, report);
    return chosen && rejected && barePair(texts, { chosen, rejected }, where);
  },
  unused: (value) => [
    ...keysBeside(value, Object.keys(rowSchema.shape)),
    ...(["chosen_item", "rejected_item"] as const).flatMap((item) =>
      keysBeside((value as Partial<Record<string, unknown>>)[item], ["sents", "type"]).map((key) => `${item}.${key}`),
    ),
  ],
};

/** The sentences as spans; undefined where one is missing. */
function locate(text: string, { sents, type }: Item, where: string, report: LocationReport): Sentence[] | undefined {
  const located = locateSentences(text, sents);
  located.forEach((span, s) => {
    report.sentences++;
    if (span) report[span.verbatim ? "verbatim" : "loose"]++;
    else report.missing.push(`${where} sentence ${s + 1}`);
  });
  return located.every((span) => span !== undefined)
    ? located.map(({ start, end }, s) => ({ start, end, verdict: verdicts[type[s]!] }))
    : undefined;
}

/** Someone may have edited one and not the other. */
function checkAgreement(side: PreferenceSide, item: Item, where: string): void {
  const ours = itemOf(side);
  const s = Array.from({ length: Math.max(ours.sents.length, item.sents.length) }, (_, i) => i).find(
    (i) =>
      ours.sents[i] !== item.sents[i] ||
      isHallucination(verdicts[ours.type[i]!]) !== isHallucination(verdicts[item.type[i]!]),
  );
  if (s === undefined) return;
  throw new UserError({
    where,
    expected: "the sentences and labels that the row's column mask_dpo has",
    got: `others from sentence ${s + 1} on`,
    fix: "Delete mask_dpo where the sentences are right; ids, topics and token ids go with it.",
  });
}
