/**
 * Search at inference that verdicts guide, at as many samples for each: what remains of test-time preference
 * optimisation for a policy that cannot read a critique. N samples, then D rounds of N more, from the best so far: all
 * anew, or keeping what stands before its first wrong sentence, or only that sentence anew. The best of all is the
 * answer.
 */
import { z } from "zod";
import { codeVersions } from "../../base/codeVersions";
import { hashOf } from "../../base/hash";
import { annotateCandidates, type Annotator } from "../../factuality/annotator";
import { annotatedCandidateSchema, type AnnotatedCandidate, type Question } from "../../factuality/records";
import { factualityScore } from "../../factuality/score";
import { isHallucination } from "../../factuality/verdict";
import { paperSampling } from "../../model/generate";
import { withPolicy, policyHash } from "../../model/policy";
import { continuations, type Begun } from "../../preference/continuation";
import { atlasAnnotator } from "../../world/oracle";
import type { Answered } from "../candidates";
import { kept } from "../kept";
import { evaluationQuestions } from "../questions";
import type { Session } from "../session";

/** fresh: best of N (D + 1). rest: what follows the first wrong sentence, and it. sentence: that one alone. */
export const searches = ["fresh", "rest", "sentence"] as const;
export type SearchKind = (typeof searches)[number];

/** N samples a round, and D rounds after the first. */
export interface SearchSize {
  samples: number;
  rounds: number;
}

/** A way to sample: texts that go on from what was begun, [starts][k]. @param short one sentence is enough */
export type Sample = (starts: readonly Begun[], k: number, short: boolean) => Promise<string[][]>;

/** The best answer that a search finds to every question, by the annotator that guides it. */
export async function search(
  sample: Sample,
  annotator: Annotator,
  questions: readonly Question[],
  kind: SearchKind,
  { samples, rounds }: SearchSize,
): Promise<AnnotatedCandidate[]> {
  const best = new Map<string, AnnotatedCandidate>();
  for (let round = 0; round <= rounds; round++) {
    const open = questions.filter(({ id }) => scoreOf(best.get(id)) < 1);
    const parts = open.map((question) => partsOf(round === 0 ? "fresh" : kind, best.get(question.id)));
    const starts = open.map(({ id, prompt }, i) => ({ name: `${id} ${round}`, prompt, begun: parts[i]!.before }));
    const texts = await sample(starts, samples, round > 0 && kind === "sentence");
    const rows = open.flatMap(({ id }, i) =>
      texts[i]!.map((text, index) => {
        const { before, after } = parts[i]!;
        const own = after === "" ? text : `${firstSentence(text)}${after}`;
        return { questionId: id, index: round * samples + index, completion: before + own, seed: 0 };
      }),
    );
    for (const row of await annotateCandidates(rows, questions, annotator))
      if (scoreOf(row) > scoreOf(best.get(row.questionId))) best.set(row.questionId, row);
  }
  return questions.map(({ id }) => best.get(id)!);
}

/** An answer that says nothing stands below one that is all wrong. */
function scoreOf(row: AnnotatedCandidate | undefined): number {
  return row ? (factualityScore(row.sentences) ?? 0) : -1;
}

/** What is kept of the best answer so far: all before its first wrong sentence, and for some what follows it. */
function partsOf(kind: SearchKind, best: AnnotatedCandidate | undefined): { before: string; after: string } {
  const wrong = best?.sentences.find(({ verdict }) => isHallucination(verdict));
  if (kind === "fresh" || !best || !wrong) return { before: "", after: "" };
  const before = best.completion.slice(0, wrong.start).trimEnd();
  return { before, after: kind === "sentence" ? best.completion.slice(wrong.end) : "" };
}

const sentenceEnd = /[.!?](?=\s|$)/;

/** Up to the end of the first sentence; all of a text that has no end. */
function firstSentence(text: string): string {
  const end = sentenceEnd.exec(text);
  return end ? text.slice(0, end.index + 1) : text;
}

/** Best answers of a policy to the preset's test questions, under each kind of search. */
export async function searchedAnswers(
  session: Session,
  policyDir: string,
  kind: SearchKind,
  size: SearchSize,
): Promise<Answered> {
  const questions = evaluationQuestions(session, "test", session.preset.bestOfQuestions);
  const { seed, engine, preset } = session;
  const sampling = { ...paperSampling, maxNewTokens: preset.maxNewTokens };
  const key = {
    policy: policyHash(policyDir),
    questions: hashOf(questions),
    kind,
    ...size,
    sampling,
    seed,
    engine: engine.arithmetic,
    code: codeVersions("sampling", "annotation"),
  };
  const { value, run } = await kept(session, "search", key, z.array(annotatedCandidateSchema), async () => {
    return withPolicy(policyDir, (policy) => {
      const sample: Sample = (starts, k, short) =>
        continuations(policy, starts, k, sampling, seed, short ? (text) => sentenceEnd.test(text) : undefined);
      return search(sample, atlasAnnotator(session.atlas), questions, kind, size);
    });
  });
  return { questions, answers: value, runs: [run] };
}
