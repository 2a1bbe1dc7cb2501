/**
 * Euclidean distances between the vectors of topics: D of Eq. 8. The paper names no metric; this is that of k-means, of
 * its "cluster centers", and of our UMAP, and on vectors of length 1 it orders as the cosine does.
 */
import { UserError, brief } from "../base/check";
import type { TopicVectors } from "./embedding";

/**
 * Distances [rows][columns] between topics.
 * @throws UserError for a topic without a vector; RangeError for vectors of different lengths
 */
export function distances(vectors: TopicVectors, rows: readonly string[], columns: readonly string[]): Float64Array[] {
  const others = columns.map((id) => vectorOf(vectors, id));
  return rows.map((id) => {
    const vector = vectorOf(vectors, id);
    return Float64Array.from(others, (other) => euclidean(vector, other));
  });
}

function vectorOf(vectors: TopicVectors, id: string): ArrayLike<number> {
  const vector = vectors.get(id);
  if (!vector)
    throw new UserError({
      where: `topic ${brief(id)}`,
      expected: `a vector for it among the ${vectors.size} given`,
      got: "none",
      fix: "Embed all topics that are compared.",
    });
  return vector;
}

/** By differences, not by |a|² + |b|² - 2ab, so that close vectors keep their order. */
function euclidean(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length)
    throw new RangeError(`distances: expected vectors of one length, got ${a.length} and ${b.length}`);
  let sum = 0;
  for (let d = 0; d < a.length; d++) sum += (a[d]! - b[d]!) ** 2;
  return Math.sqrt(sum);
}
