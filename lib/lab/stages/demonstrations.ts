/**
 * Answers to imitate (FLAME): the policy's own best of K, or true texts about facts that it knows, that it does not
 * know, or any.
 */
import { z } from "zod";
import { Rng } from "../../base/rng";
import { mean } from "../../base/stats";
import { splitSentences } from "../../text/sentence";
import { relationsOf } from "../../world/agenda";
import { truths, type RelationName } from "../../world/relation";
import { renderFact } from "../../world/render";
import type { Demonstration } from "../../preference/demonstration";
import { buildPairs } from "../../preference/pair";
import { ownCandidates } from "./candidatePairs";
import { isKnown, knownFacts } from "./knownFacts";
import type { MadeRows, RowContext } from "./rowContext";

export const demonstrationsSchema = z
  .object({ rows: z.literal("demonstrations"), of: z.enum(["own", "known", "unknown", "true"]) })
  .strict();

/** Facts of a text, as many as the longest of Atlas's answers states. */
const mostFacts = 10;

/** One a question where there is something to say; measures: sentences a row, and the share of them that is known. */
export async function demonstrations(
  context: RowContext,
  { of }: z.output<typeof demonstrationsSchema>,
): Promise<MadeRows> {
  const { atlas, seed } = context.session;
  const { questions, candidates } = await ownCandidates(context);
  const facts = knownFacts(atlas, questions, candidates);
  if (of === "own") {
    const { pairs } = buildPairs(candidates, questions, { seed });
    const rows = pairs.map(({ questionId, topic, prompt, chosen }): Demonstration => ({
      questionId,
      topic,
      prompt,
      ...chosen,
    }));
    return { rows, measures: { sentences: mean(rows.map(({ sentences = [] }) => sentences.length)) } };
  }
  const wanted = (topic: string, relation: RelationName): boolean => {
    if ((truths(relation, atlas.topic(topic)) ?? []).length === 0) return false;
    return of === "true" || isKnown(facts, topic, relation) === (of === "known");
  };
  const said: boolean[] = [];
  const rows = questions.flatMap((question): Demonstration[] => {
    const { id, topic, prompt } = question;
    const rng = new Rng(seed).fork("demonstration").fork(id);
    const relations = rng
      .shuffle(relationsOf(question).filter((relation) => wanted(topic, relation)))
      .slice(0, mostFacts);
    if (relations.length === 0) return [];
    said.push(...relations.map((relation) => isKnown(facts, topic, relation) === true));
    const sentences = relations.map((name) => renderFact(name, rng.pick(truths(name, atlas.topic(topic))!), rng));
    return [{ questionId: id, topic, prompt, completion: sentences.join(" ") }];
  });
  return {
    rows,
    measures: {
      sentences: mean(rows.map(({ completion }) => splitSentences(completion).length)),
      known: mean(said.map(Number)),
    },
  };
}
