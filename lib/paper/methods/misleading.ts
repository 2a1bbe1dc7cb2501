/** Three-stage fine-tuning against misleading questions, and what of it is needed. */
import { mean } from "../../base/stats";
import { logpSums, wholeSequence } from "../../align/track/sequences";
import { withPolicy } from "../../model/policy";
import { answersOf } from "../../lab/candidates";
import { evaluationQuestions } from "../../lab/questions";
import { policyDir, type Session } from "../../lab/session";
import { isKnown, knownFacts } from "../../lab/stages/knownFacts";
import { detectionQuestion, said, withPremise } from "../../lab/stages/premises";
import type { StagedArm, StagedSpec } from "../../lab/stages/runStages";
import { stagePolicy, type Stage } from "../../lab/stages/stage";
import type { Table } from "../../show/table";
import { framed, isFalse } from "../../world/premise";
import { sampledOf, stage, staged, trainingOf, type MethodComparison } from "./staged";

type Key = "answer" | "detect" | "three" | "blind";

/** Each answers test questions behind a false premise; `Clean` ones have none. */
export function misleadingArms(session: Session): Record<Key | `${Key}Clean`, StagedSpec> {
  const { epochs } = session.preset.training;
  const of = (task: "detect" | "rewrite" | "answer", passes = 1, blind?: true): Stage =>
    stage({ rows: "premises", task, ...(blind && { blind }) }, trainingOf(session, "sft", { epochs: passes * epochs }));
  const arms: Record<Key, readonly [string, ...Stage[]]> = {
    answer: ["answering only, three times the passes", of("answer", 3)],
    detect: ["detection, then answering", of("detect"), of("answer", 2)],
    three: ["three stages", of("detect"), of("rewrite"), of("answer")],
    blind: ["three stages, labels shuffled", of("detect", 1, true), of("rewrite"), of("answer")],
  };
  const specs = (Object.keys(arms) as Key[]).flatMap((key): [string, StagedSpec][] => {
    const spec = { ...staged(session, ...arms[key]), evaluations: ["test sampled"] as const };
    const clean = { ...spec, label: `${spec.label} (no premise)` };
    return [
      [key, { ...spec, ask: misleadingAsk(session) }],
      [`${key}Clean`, clean],
    ];
  });
  return Object.fromEntries(specs) as Record<Key | `${Key}Clean`, StagedSpec>;
}

/** Every question behind a false premise in a wording that training did not have. */
export function misleadingAsk({ atlas, seed }: Session): NonNullable<StagedSpec["ask"]> {
  return (question) => framed(question, withPremise(atlas, question, "test", seed, true).text);
}

export function misleadingComparisons(arms: Record<Key | `${Key}Clean`, StagedArm>): MethodComparison[] {
  const method = "Three stages for misleading questions";
  const of = (key: Key | `${Key}Clean`) => sampledOf(arms[key]);
  const theirs = "better answers on HaluEval-QA-mis and CQA-mis (by its abstract; numbers not verified)";
  const limits = "two kinds of premises, one wording in the test; the answers to imitate are the base's best of K";
  return [
    {
      method,
      text: "three stages > answering only, behind false premises",
      theirs,
      higher: of("three"),
      lower: of("answer"),
      limits,
    },
    {
      method,
      text: "three stages > with shuffled labels",
      theirs: "not in the paper",
      higher: of("three"),
      lower: of("blind"),
      limits,
    },
    {
      method,
      text: "without a premise > behind a false one, three stages",
      theirs: "false premises harm answers (by its abstract)",
      higher: of("threeClean"),
      lower: of("three"),
      limits,
    },
  ];
}

/** Share of premises that are told right by which of the two words is likelier, of facts the base knows or not. */
export async function detectionTable(session: Session, arms: Readonly<Record<Key, StagedArm>>): Promise<Table> {
  const specs = misleadingArms(session);
  const chain = (key: Key) => ({ stages: specs[key].stages, seed: session.seed });
  const {
    questions,
    answers,
    runs: answered,
  } = await answersOf(session, policyDir(session, "base"), "test", "sampled");
  const policies: [label: string, dir: string, runs: readonly string[]][] = [
    ["base", policyDir(session, "base"), answered],
    ...(["detect", "three", "blind"] as const).map((key): [string, string, readonly string[]] => [
      arms[key].label,
      stagePolicy(session, chain(key)),
      arms[key].runs.slice(0, 1),
    ]),
  ];
  const facts = knownFacts(session.atlas, questions, answers);
  const premises = evaluationQuestions(session, "test", session.preset.evaluationQuestions).map((question) => {
    const { premise, text } = withPremise(session.atlas, question, "test", session.seed);
    const known = isKnown(facts, question.topic, premise.relation) === true;
    return { prompt: detectionQuestion(question, text).prompt, wrong: isFalse(premise), known };
  });
  const rows = [];
  for (const [label, dir, runs] of policies) {
    const right = (await detected(dir, premises)).map((told, i) => (told === premises[i]!.wrong ? 100 : 0));
    const of = (keep: (i: number) => boolean) => {
      const kept = right.filter((_, i) => keep(i));
      return kept.length > 0 ? mean(kept) : null;
    };
    rows.push({
      label,
      all: of(() => true),
      known: of((i) => premises[i]!.known),
      unknown: of((i) => !premises[i]!.known),
      runs: runs.join(" "),
    });
  }
  return {
    name: "12-detection",
    caption: "Whether a premise is so: told right (%), of facts that the base mostly states rightly, and of others",
    columns: [
      { key: "label", label: "Policy" },
      { key: "all", label: "All" },
      { key: "known", label: "Known" },
      { key: "unknown", label: "Not known" },
    ],
    rows,
  };
}

/** Whether a policy finds each premise false: by the likelier of the two answers. */
async function detected(
  dir: string,
  premises: readonly Pick<Parameters<typeof detectionQuestion>[0], "prompt">[],
): Promise<boolean[]> {
  return withPolicy(dir, async (policy) => {
    const sequences = premises.flatMap(({ prompt }) =>
      [said.right, said.wrong].map((completion) =>
        wholeSequence(policy.tokenizer, prompt, { completion, sentences: [] }),
      ),
    );
    const sums = await logpSums(policy, sequences);
    return premises.map((_, i) => sums[2 * i + 1]! > sums[2 * i]!);
  });
}
