/** Annotated answers of one policy as a report reads them, and who judged them. */
import path from "node:path";
import { z } from "zod";
import { existsSync } from "node:fs";
import { brief, UserError } from "../../base/check";
import { sha256File } from "../../base/hash";
import { parseJson, required } from "../../base/jsonl";
import { readText } from "../../base/textFile";
import { readNumberedAnnotated } from "../../factuality/annotatedFile";
import type { AnnotatedCandidate, Question } from "../../factuality/records";
import { annotateDefaults, outHash } from "../annotateServed";

/** A policy's name in the report, and a file or folder of it. */
export interface Named {
  name: string;
  file: string;
}

export interface PolicyAnswers extends Named {
  answers: AnnotatedCandidate[];
  /** To each question. */
  each: number;
  sha256: string;
  /** Who judged and how, where that is recorded. */
  judge?: z.output<typeof annotationSchema>;
}

/** What decides verdicts, of a run of `annotate`. */
const annotationSchema = z.object({
  annotator: z.string(),
  model: z.string(),
  source: z.string(),
  tries: z.number(),
  maxReplyTokens: z.number().default(annotateDefaults.maxReplyTokens), // not recorded by earlier versions
  extra: z.record(z.unknown()),
  options: z.record(z.union([z.number(), z.string()])).default({}),
});

/** As many answers to every question of the file, and none to another; one that says something at least. */
export function readAnswers(
  { name, file }: Named,
  questions: readonly Question[],
  questionsFile: string,
): PolicyAnswers {
  const byQuestion = new Map(questions.map(({ id }) => [id, new Set<number>()]));
  const rows = required(readNumberedAnnotated(file), file, "annotated answer");
  for (const {
    row: { questionId, index },
    line,
  } of rows) {
    const indices = byQuestion.get(questionId);
    if (!indices)
      throw new UserError({
        where: `${file}:${line}`,
        expected: `an answer to a question of ${questionsFile}`,
        got: `one to ${brief(questionId)}`,
        fix: "Give the questions these answers were sampled for.",
      });
    if (indices.has(index))
      throw new UserError({
        where: `${file}:${line}`,
        expected: "every answer once",
        got: `answer ${index} to ${brief(questionId)} twice`,
        fix: "Remove one of the rows.",
      });
    indices.add(index);
  }
  if (rows.every(({ row }) => row.sentences.length === 0))
    throw new UserError({
      where: file,
      expected: "answers that state something",
      got: "none with a sentence",
      fix: "A policy that says nothing has no score: give the answers of one that speaks.",
    });
  const each = Math.max(...[...byQuestion.values()].map(({ size }) => size));
  const [id, fewer] = [...byQuestion].find(([, { size }]) => size < each) ?? [];
  if (fewer)
    throw new UserError({
      where: `${file}, question ${brief(id)}`,
      expected: `${each} answer${each > 1 ? "s" : ""}, as many as to other questions`,
      got: String(fewer.size),
      fix: "Sample and annotate every question alike.",
    });
  const sha256 = sha256File(file);
  return { name, file, answers: rows.map(({ row }) => row), each, sha256, judge: judgeOf(file, sha256) };
}

/** What the run beside a file says, unless something else has written the file since. */
function judgeOf(file: string, sha256: string): PolicyAnswers["judge"] {
  const run = path.join(`${file}.run`, "run.json");
  const hash = path.join(`${file}.run`, outHash);
  if (!existsSync(run) || !existsSync(hash) || readText(hash).trim() !== sha256) return undefined;
  return annotationSchema.safeParse(parseJson(readText(run), run)).data;
}

export function checkEach(flag: string, policies: readonly PolicyAnswers[]): void {
  if (new Set(policies.map(({ each }) => each)).size <= 1) return;
  throw new UserError({
    where: flag,
    expected: "as many answers to a question from every policy",
    got: policies.map(({ name, each }) => `${each} from ${name}`).join(", "),
    fix: "Sample all policies alike.",
  });
}
