/** `mask-dpo evaluate`: what annotated answers come to. */
import { brief, UserError } from "../base/check";
import { writeJsonl } from "../base/jsonl";
import { Rng } from "../base/rng";
import { type EvaluationSummary, summarise } from "../evaluation/summary";
import type { AnnotatedCandidate, Question } from "../factuality/records";
import { greedySampling, paperSampling } from "../model/generate";
import { loadAtlas } from "../world/atlas";
import { questionsOf } from "../world/questionFile";
import { annotateVerb } from "./annotate";
import { sampleNotes, sampleVerb } from "./sample";
import { readRows } from "./rows";

export interface EvaluateRequest {
  model: string;
  /** Default: those of Atlas's `split`. */
  questions?: string;
  split: "validation" | "test" | "ood";
  decoding: "greedy" | "sampled";
  /** Answers a question when sampled. */
  samples: number;
  maxNewTokens: number;
  out: string;
  seed: number;
}

/** Before hours of sampling. @throws UserError naming the first topic that nothing here can be judged by */
function checkTopics(file: string): void {
  const atlas = loadAtlas();
  for (const { id, topic } of readRows("question", file)) {
    try {
      atlas.topic(topic);
    } catch {
      throw new UserError({
        where: `${file}, question ${brief(id)}`,
        expected: "a topic of Atlas, whose facts evaluate judges by",
        got: brief(topic),
        fix: "Answer with `mask-dpo sample`, and judge with `mask-dpo annotate` and an annotator that knows.",
      });
    }
  }
}

/**
 * Answers questions and annotates the answers with Atlas's oracle; what it makes on the way is in `<out>.run`.
 * @param onSampled told what was cut or left out, where anything was
 */
export async function evaluateVerb(
  request: EvaluateRequest,
  onSampled?: (line: string) => void,
): Promise<EvaluationSummary> {
  const { model, split, decoding, maxNewTokens, out, seed } = request;
  const questions = request.questions ?? `${out}.run/questions.jsonl`;
  if (request.questions) checkTopics(questions);
  else writeJsonl(questions, loadAtlas().splits[split]);
  const candidates = `${out}.run/candidates.jsonl`;
  const sampling = { ...(decoding === "greedy" ? greedySampling : paperSampling), maxNewTokens };
  const k = decoding === "greedy" ? 1 : request.samples;
  const report = await sampleVerb({ model, questions, out: candidates, k, sampling, seed });
  const notes = sampleNotes(report, sampling);
  if (notes) onSampled?.(`${report.rows} answers${notes}`);
  await annotateVerb({ candidates, questions, out });
  return summaryOf(out, questions, seed);
}

/** Summary of annotated answers. */
export function summaryOf(answersFile: string, questionsFile: string, seed: number): EvaluationSummary {
  const { answers, questions } = answered(answersFile, questionsFile);
  return summarise(answers, questions, new Rng(seed).fork("evaluate"));
}

export function answered(
  answersFile: string,
  questionsFile?: string,
): { answers: AnnotatedCandidate[]; questions: Question[] } {
  const answers = readRows("annotated", answersFile);
  const seen = new Set(answers.map(({ questionId }) => questionId));
  return { answers, questions: questionsOf(questionsFile).filter(({ id }) => seen.has(id)) };
}
