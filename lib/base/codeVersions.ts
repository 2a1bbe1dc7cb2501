/**
 * Versions of the code behind kept results. Keys of results hold those of every stage they went through, so that a
 * result of other code is never taken for this one's. Raise a stage's by hand where its numbers change: a test compares
 * a small fixed computation of each with what it gave when the version was set (test/lab/codeVersions.test.ts).
 */
import { canonicalJson } from "./hash";

const versions = {
  /** candidates and answers: prompts, tokenizer, decoding */
  sampling: 2,
  /** Atlas's verdicts */
  annotation: 1,
  /** verdicts on free text about Atlas's cities */
  gazetteer: 1,
  /** which candidates become chosen and rejected */
  pairs: 1,
  /** masks, objectives, optimizer, schedule */
  training: 2,
  /** verdicts of language models: prompts, parsing */
  judging: 2,
  /** what an evaluation counts */
  evaluation: 1,
  /** topic vectors */
  embedding: 2,
} as const;
export type Stage = keyof typeof versions;
export type CodeVersions = Partial<Record<Stage, number>>;

/** What a key holds as `code`. */
export function codeVersions(...stages: Stage[]): CodeVersions {
  return Object.fromEntries(stages.map((stage) => [stage, versions[stage]]));
}

/** Whether a key is of other code than this: its stages have other versions, or it holds none at all. */
export function isOld(key: object): boolean {
  const code = (key as { code?: CodeVersions }).code;
  return code === undefined || canonicalJson(code) !== canonicalJson(codeVersions(...(Object.keys(code) as Stage[])));
}
