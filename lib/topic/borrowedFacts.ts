/**
 * Eq. 7 as arrows: h(x, v -> u) is an answer about topic v that states what is true of another topic u. Many topics may
 * have the stated value; u is the one of them nearest to v on the globe, so that an arrow is no longer than the slip
 * needs, in whatever embedding it is near. (Eq. 8 is tested on all values, not on these arrows: `hallucinationGraph`.)
 */
import type { Atlas } from "../world/atlas";
import { indexTopics } from "../world/oracle";
import type { RelationName } from "../world/relation";
import { distances } from "./distance";
import { geographyVectors } from "./embedding";
import type { WrongStatements } from "./wrongStatements";

export interface BorrowedFact {
  /** topic v that was asked about, and topic u of which the statement is true */
  from: string;
  to: string;
  relation: RelationName;
  value: string;
  /** how often it was stated */
  count: number;
}

/** Every wrong value once for each topic it was stated of, most often stated first. */
export function borrowedFacts(atlas: Atlas, wrong: WrongStatements): BorrowedFact[] {
  const ids = atlas.topics.map(({ id }) => id);
  const places = new Map(ids.map((id, i) => [id, i]));
  const topics = [...new Set([...wrong.counts.values()].flatMap((byTopic) => [...byTopic.keys()]))];
  const rows = distances(geographyVectors(atlas.topics), topics, ids); // [T][all topics]
  const away = new Map(topics.map((topic, i) => [topic, rows[i]!]));
  const facts = [...wrong.counts].flatMap(([relation, byTopic]) => {
    const holders = indexTopics(atlas, relation);
    return [...byTopic].flatMap(([from, values]) =>
      [...values].map(([value, count]): BorrowedFact => {
        const distance = (id: string): number => away.get(from)![places.get(id)!]!;
        const to = holders.get(value)!.reduce((near, id) => (distance(id) < distance(near) ? id : near));
        return { from, to, relation, value, count };
      }),
    );
  });
  return facts.sort((a, b) => b.count - a.count);
}
