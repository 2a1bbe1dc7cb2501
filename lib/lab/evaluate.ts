/** Evaluations of policies, each computed once: sums per topic over annotated answers (§3.1). */
import { existsSync } from "node:fs";
import path from "node:path";
import { writeFileAtomic } from "../base/files";
import { hashOf } from "../base/hash";
import { parseJson, parseRow } from "../base/jsonl";
import { readText } from "../base/textFile";
import { policyHash } from "../model/policy";
import { answerTotals, answerTotalsSchema, type AnswerTotals } from "../evaluation/answerTotals";
import { answersOf, asIs, type Ask, type Decoding } from "./candidates";
import { evaluationQuestions } from "./questions";
import { folderName, runFolder } from "../base/runFolder";
import type { Session } from "./session";
import { codeVersions } from "../base/codeVersions";

/** Question set and decoding: Tables 2-5 here are "test sampled", Table 1 is greedy in the paper. */
export const evaluations = {
  "test sampled": { split: "test", decoding: "sampled" },
  "test greedy": { split: "test", decoding: "greedy" },
  "ood sampled": { split: "ood", decoding: "sampled" },
  "validation sampled": { split: "validation", decoding: "sampled" },
} as const satisfies Record<string, { split: "test" | "ood" | "validation"; decoding: Decoding }>;
export type EvaluationName = keyof typeof evaluations;
/** What tables show: validation questions are for choosing (`tune.ts`). */
export type ShownEvaluation = Exclude<EvaluationName, "validation sampled">;

/** Sums over a policy's answers. @param policy its hash where it is known */
export async function evaluate(
  session: Session,
  dir: string,
  name: EvaluationName,
  policy = policyHash(dir),
  ask: Ask = asIs,
): Promise<AnswerTotals> {
  const known = knownEvaluation(session, policy, name, ask);
  if (known) return known;
  const { split, decoding } = evaluations[name];
  const { questions, answers } = await answersOf(session, dir, split, decoding, ask);
  const totals = answerTotals(session.atlas, questions, answers);
  writeFileAtomic(
    path.join(runFolder(session.runs, "evaluation", keyOf(session, policy, name, ask)), "totals.json"),
    JSON.stringify(totals),
  );
  return totals;
}

/** The same where it was computed before. @throws UserError for a damaged file */
export function knownEvaluation(
  session: Session,
  policy: string,
  name: EvaluationName,
  ask: Ask = asIs,
): AnswerTotals | undefined {
  const file = path.join(session.runs, evaluationRun(session, policy, name, ask), "totals.json");
  return existsSync(file) ? parseRow(answerTotalsSchema, parseJson(readText(file), file), file) : undefined;
}

/** Name of its run folder. */
export function evaluationRun(session: Session, policy: string, name: EvaluationName, ask: Ask = asIs): string {
  return folderName("evaluation", keyOf(session, policy, name, ask));
}

function keyOf(session: Session, policy: string, name: EvaluationName, ask: Ask): object {
  const { preset, seed, engine } = session;
  const { split, decoding } = evaluations[name];
  const greedy = decoding === "greedy";
  const questions = hashOf(evaluationQuestions(session, split, preset.evaluationQuestions).map(ask));
  return {
    policy,
    name,
    questions,
    samples: greedy ? 1 : preset.samples,
    seed: greedy ? 0 : seed,
    engine: engine.arithmetic,
    code: codeVersions("sampling", "annotation", "evaluation"),
  };
}
