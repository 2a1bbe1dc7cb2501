/**
 * BM25 (Robertson & Zaragoza 2009), in the variant "Okapi" of the Python package rank_bm25, which FActScore uses:
 * idf(t) = ln((N - n_t + 1/2) / (n_t + 1/2)), and epsilon times the mean idf where that is negative.
 */

const k1 = 1.5;
const b = 0.75;
const epsilon = 0.25;

/** Words of a text, in lower case. */
export function words(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** The score of each document [N] for a query; both as words. */
export function bm25(query: readonly string[], documents: readonly (readonly string[])[]): Float64Array {
  const counts = documents.map((document) => countsOf(document));
  const mean = documents.reduce((sum, { length }) => sum + length, 0) / documents.length;
  const idf = inverseFrequencies(counts);
  return Float64Array.from(documents, ({ length }, d) => {
    const norm = k1 * (1 - b + (b * length) / mean);
    return query.reduce((sum, word) => {
      const n = counts[d]!.get(word) ?? 0;
      return n === 0 ? sum : sum + (idf.get(word)! * n * (k1 + 1)) / (n + norm);
    }, 0);
  });
}

function countsOf(document: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of document) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

function inverseFrequencies(counts: readonly ReadonlyMap<string, number>[]): Map<string, number> {
  const containing = countsOf(counts.flatMap((document) => [...document.keys()]));
  const idf = new Map(
    [...containing].map(([word, n]) => [word, Math.log(counts.length - n + 0.5) - Math.log(n + 0.5)]),
  );
  const mean = [...idf.values()].reduce((sum, value) => sum + value, 0) / idf.size;
  for (const [word, value] of idf) if (value < 0) idf.set(word, epsilon * mean);
  return idf;
}
