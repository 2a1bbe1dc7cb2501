/**
 * Near and far training topics (§4.3): "we cluster the topics in the training set using the topic vectors in the test
 * set as cluster centers, and split the training set into two groups, namely the far group and the near group,
 * according to the distance from the corresponding topic vector to the cluster center". The size of the groups is not
 * stated.
 */
import { distances } from "./distance";
import type { TopicVectors } from "./embedding";

export interface NearFarSplit {
  /** Members by growing distance; of equal ones the earlier first. */
  near: string[];
  far: string[];
  /** Of each member to its nearest centre, and that centre (the first of equal ones). */
  distance: Map<string, number>;
  centre: Map<string, string>;
}

/**
 * @param share of the members that each group takes, rounded down; at most one half, so that no topic is in both
 * @throws RangeError for a share out of range or no centre; UserError for a topic without a vector
 */
export function splitByDistance(
  vectors: TopicVectors,
  centres: readonly string[],
  members: readonly string[],
  share: number,
): NearFarSplit {
  if (!(share > 0 && share <= 0.5)) throw new RangeError(`splitByDistance: expected 0 < share <= 0.5, got ${share}`);
  if (centres.length === 0) throw new RangeError("splitByDistance: expected at least one centre, got none");
  const distance = new Map<string, number>();
  const centre = new Map<string, string>();
  distances(vectors, members, centres).forEach((row, i) => {
    const nearest = row.indexOf(row.reduce((least, d) => Math.min(least, d), Infinity));
    distance.set(members[i]!, row[nearest]!);
    centre.set(members[i]!, centres[nearest]!);
  });
  // stable: equal ones stay in order
  const sorted = members.slice().sort((a, b) => distance.get(a)! - distance.get(b)!);
  const count = Math.floor(share * members.length);
  return { near: sorted.slice(0, count), far: sorted.slice(members.length - count), distance, centre };
}
