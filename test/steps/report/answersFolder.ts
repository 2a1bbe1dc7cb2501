/** Annotated answers of two policies, to be reported. */
import path from "node:path";
import type { TestContext } from "node:test";
import { writeJsonl } from "../../../lib/base/jsonl";
import { Rng } from "../../../lib/base/rng";
import type { AnnotatedCandidate, Question, Verdict } from "../../../lib/factuality/records";
import type { Named } from "../../../lib/steps/report/answers";
import type { writeReport } from "../../../lib/steps/report/report";
import { scratch } from "../../golden/fixtures";

export const questions: Question[] = Array.from({ length: 8 }, (_, i) => ({
  id: `q${i}`,
  topic: `t${i >> 1}`,
  prompt: [{ role: "user", content: `And ${i}?` }],
}));

/** Answers of three sentences each, of which about this share is right. */
export function answersOf(name: string, right: number, each: number): AnnotatedCandidate[] {
  const rng = new Rng(name);
  const verdict = (): Verdict => (rng.next() < right ? (rng.next() < 0.2 ? "no-fact" : "supported") : "contradictory");
  return questions.flatMap(({ id }) =>
    Array.from({ length: each }, (_, index) => ({
      questionId: id,
      index,
      completion: `${name.slice(0, 3).padEnd(3, "_")}. Two. Six.`,
      seed: 1,
      sentences: [0, 5, 10].map((start) => ({ start, end: start + 4, verdict: verdict() })),
    })),
  );
}

interface Folder {
  at: (name: string) => string;
  named: (...names: string[]) => Named[];
  request: Parameters<typeof writeReport>[0];
}
/** Three policies, greedy and sampled, in files of their names. */
export function folder(t: TestContext): Folder {
  const dir = scratch(t);
  const at = (name: string) => path.join(dir, name);
  const named = (...names: string[]) =>
    names.map((name) => ({ name: name.replace("-sampled", ""), file: at(`${name}.jsonl`) }));
  writeJsonl(at("questions.jsonl"), questions);
  for (const [name, right] of [
    ["base", 0.4],
    ["dpo", 0.5],
    ["mask", 0.8],
  ] as const) {
    writeJsonl(at(`${name}.jsonl`), answersOf(name, right, 1));
    writeJsonl(at(`${name}-sampled.jsonl`), answersOf(`${name} sampled`, right, 4));
  }
  return {
    at,
    named,
    request: {
      questions: at("questions.jsonl"),
      answers: named("base", "dpo", "mask"),
      sampled: named("mask-sampled", "base-sampled"),
      trained: [],
      out: at("report"),
      seed: 1,
    },
  };
}
