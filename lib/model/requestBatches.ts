/** What is to be generated, and which requests are decoded together. */
import type { Rng } from "../base/rng";

/** Sees a completion after each of its tokens, the end token apart, and ends it there by saying true. */
export type Watch = (ids: readonly number[]) => boolean;

/** One completion per stream. */
export interface GenerateRequest {
  promptIds: readonly number[];
  streams: readonly Rng[];
  /** One per stream. */
  watches?: readonly Watch[];
}

/** Prompts in a batch differ by at most so many tokens, since the shorter ones are padded. */
const mostPadding = 16;

/** Requests in order of prompt length, at most `most` candidates a batch. */
export function batches<T extends GenerateRequest>(requests: readonly T[], most: number): T[][] {
  const out: T[][] = [];
  let rows = 0;
  for (const request of requests.slice().sort((a, b) => a.promptIds.length - b.promptIds.length)) {
    // a stable order
    const batch = out.at(-1);
    const count = request.streams.length;
    if (batch && request.promptIds.length - batch[0]!.promptIds.length <= mostPadding && rows + count <= most) {
      batch.push(request);
      rows += count;
    } else {
      out.push([request]);
      rows = count;
    }
  }
  return out;
}
