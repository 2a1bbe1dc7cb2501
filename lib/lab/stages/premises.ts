/**
 * Three stages for misleading questions: tell whether what a question takes for granted is so, put it right, answer
 * all the same. Half of the premises are false. The control of the first stage has its labels shuffled.
 */
import { z } from "zod";
import { Rng } from "../../base/rng";
import type { Question } from "../../factuality/records";
import type { Demonstration } from "../../preference/demonstration";
import type { Atlas } from "../../world/atlas";
import { framed, isFalse, premiseOf, premiseText, type Premise, type PremiseSplit } from "../../world/premise";
import { bestAndWorst } from "./candidatePairs";
import type { MadeRows, RowContext } from "./rowContext";

export const premisesSchema = z
  .object({
    rows: z.literal("premises"),
    task: z.enum(["detect", "rewrite", "answer"]),
    /** labels of `detect` are shuffled */
    blind: z.boolean().optional(),
  })
  .strict();

const asked = { detect: "Is that so?", rewrite: "Put it right." } as const;
export const said = { right: "Yes.", wrong: "No." } as const;

/** A question with a premise of its own; the same at every call. @param wrong default: for half of them */
export function withPremise(
  atlas: Atlas,
  question: Question,
  split: PremiseSplit,
  seed: number,
  wrong?: boolean,
): { premise: Premise; text: string } {
  const rng = new Rng(seed).fork("premise").fork(split).fork(question.id);
  const premise = premiseOf(atlas, question, wrong ?? rng.fork("false").next() < 0.5, rng.fork("value"));
  return { premise, text: premiseText(atlas, question, premise, split, rng.fork("wording")) };
}

/** As the first stage asks it. */
export function detectionQuestion(question: Question, text: string): Question {
  return framed(question, text, asked.detect);
}

export async function premises(
  context: RowContext,
  { task, blind = false }: z.output<typeof premisesSchema>,
): Promise<MadeRows> {
  const { atlas, seed } = context.session;
  const pairs = await bestAndWorst({ ...context, policyDir: context.firstDir });
  const made = pairs.map((pair) => {
    const question: Question = { id: pair.questionId, topic: pair.topic, prompt: pair.prompt };
    return { pair, question, ...withPremise(atlas, question, "train", seed) };
  });
  const labels = made.map(({ premise }) => (isFalse(premise) ? said.wrong : said.right));
  const given = blind ? new Rng(seed).fork("blind").shuffle(labels) : labels;
  const rows = made.map(({ pair, question, premise, text }, i): Demonstration => {
    const { id: questionId, topic } = question;
    const row = (prompt: Question["prompt"], completion: string) => ({ questionId, topic, prompt, completion });
    if (task === "detect") return row(detectionQuestion(question, text).prompt, given[i]!);
    if (task === "rewrite") {
      const wording = new Rng(seed).fork("right wording").fork(questionId);
      const right = premiseText(atlas, question, { ...premise, value: premise.truth }, "train", wording);
      return row(framed(question, text, asked.rewrite).prompt, framed(question, right).prompt.at(-1)!.content);
    }
    return { ...row(framed(question, text).prompt, pair.chosen.completion), ...pair.chosen };
  });
  return { rows, measures: { falsePremises: made.filter(({ premise }) => isFalse(premise)).length / made.length } };
}
