/**
 * Whether a policy can be made to say a fact by any prompt of a grammar (after "Alpaca against Vicuna", whose prompts a
 * language model writes): every wording of a question whose answers may hold the fact, with a true sentence before or
 * without, and every beginning of the sentence that states it. What is said first, greedily, is right or not. It tells
 * apart what a policy knows from what it chooses to say. No prompt holds the value.
 */
import { z } from "zod";
import { codeVersions } from "../../base/codeVersions";
import { hashOf } from "../../base/hash";
import { Rng } from "../../base/rng";
import { greedySampling } from "../../model/generate";
import { withPolicy, policyHash } from "../../model/policy";
import { continuations, type Begun } from "../../preference/continuation";
import type { Atlas } from "../../world/atlas";
import { CITY_KINDS, KINDS, question, type Split } from "../../world/question";
import { readings, RELATIONS, truths, type RelationName } from "../../world/relation";
import { renderFact } from "../../world/render";
import { kept } from "../kept";
import { evaluationQuestions } from "../questions";
import type { Session } from "../session";
import type { Traced } from "../../show/provenance";

/** Prompts a fact: the plain one, and others of the grammar. */
export const promptsOfFact = 8;

/** A fact with the prompts that ask for it; the first is the plain one: no hint, the test wording. */
export interface ProbedFact {
  topic: string;
  relation: RelationName;
  prompts: Begun[];
}

/** Facts of topics with a single value, and as many prompts for each, none of which holds the value. */
export function probedFacts(atlas: Atlas, topics: readonly string[], seed: number): ProbedFact[] {
  return topics.flatMap((topic) =>
    (Object.keys(RELATIONS) as RelationName[]).flatMap((relation): ProbedFact[] => {
      const values = truths(relation, atlas.topic(topic)) ?? [];
      if (values.length !== 1) return [];
      const [plain, ...others] = promptsFor(atlas, topic, relation, new Rng(seed).fork(topic).fork(relation));
      const clean = others.filter(({ prompt, begun }) => ![prompt[0]!.content, begun].join(" ").includes(values[0]!));
      const holds = !plain || [plain.prompt[0]!.content, plain.begun].join(" ").includes(values[0]!);
      if (holds || clean.length < promptsOfFact - 1) return [];
      return [{ topic, relation, prompts: [plain, ...clean.slice(0, promptsOfFact - 1)] }];
    }),
  );
}

/** All of the grammar, the plain prompt first and the others in random order; none where no kind has the relation. */
function promptsFor(atlas: Atlas, id: string, relation: RelationName, rng: Rng): Begun[] {
  const topic = atlas.topic(id);
  const kinds = CITY_KINDS.filter((kind) => (KINDS[kind].relations as readonly string[]).includes(relation));
  const beginnings = RELATIONS[relation].wordings.map((wording) => wording.split("{v}")[0]!.trimEnd());
  const all = kinds.flatMap((kind) => {
    const hints = KINDS[kind].relations
      .filter((name) => name !== relation && (truths(name, topic) ?? []).length > 0)
      .map((name) => renderFact(name, truths(name, topic)![0]!, rng));
    return (["test", "train", "validation"] as const satisfies readonly Split[]).flatMap((split) =>
      KINDS[kind].prompts[split]!.flatMap((_, wording) =>
        beginnings.flatMap((beginning) =>
          ["", rng.pick(hints)].map((hint) => ({
            prompt: question(topic, kind, split, wording).prompt,
            begun: hint === "" ? beginning : `${hint} ${beginning}`,
          })),
        ),
      ),
    );
  });
  const [plain, ...others] = all;
  return plain ? [plain, ...rng.shuffle(others)].map((own, i) => ({ ...own, name: `${id} ${relation} ${i}` })) : [];
}

const extractedSchema = z.array(
  z.object({ topic: z.string(), relation: z.string(), right: z.array(z.boolean()).length(promptsOfFact) }).strict(),
);
/** By fact and prompt: whether what comes first is right. */
export type Extracted = z.output<typeof extractedSchema>;

/** Whether a sentence that begins so states the fact rightly. @param text what follows, up to its first stop or more */
export function isRight(
  atlas: Atlas,
  { topic, relation }: Pick<ProbedFact, "topic" | "relation">,
  begun: string,
  text: string,
): boolean {
  const beginning = begun.slice(begun.lastIndexOf(". ") + 1).trim(); // behind the hint
  const sentence = `${beginning}${text.slice(0, text.indexOf(".") + 1)}`;
  const read = readings(sentence).find((reading) => reading.relation === relation);
  return read !== undefined && truths(relation, atlas.topic(topic))!.includes(read.value);
}

/** What a policy can be made to say about the preset's test topics. */
export async function extracted(session: Session, policyDir: string): Promise<{ facts: Extracted } & Traced> {
  const { atlas, engine, preset } = session;
  const topics = evaluationQuestions(session, "test", preset.bestOfQuestions).map(({ topic }) => topic);
  const facts = probedFacts(atlas, topics, 1); // the same prompts for every seed and policy
  const key = {
    policy: policyHash(policyDir),
    facts: hashOf(facts),
    engine: engine.arithmetic,
    code: codeVersions("sampling", "annotation"),
  };
  const { value, run } = await kept(session, "extraction", key, extractedSchema, async () => {
    return withPolicy(policyDir, async (policy) => {
      const starts = facts.flatMap(({ prompts }) => prompts);
      const sampling = { ...greedySampling, maxNewTokens: 16 };
      const texts = await continuations(policy, starts, 1, sampling, 1, (text) => text.includes("."));
      let at = 0;
      return facts.map((fact) => ({
        topic: fact.topic,
        relation: fact.relation,
        right: fact.prompts.map(({ begun }) => isRight(atlas, fact, begun, texts[at++]![0]!)),
      }));
    });
  });
  return { facts: value, runs: [run] };
}
