/** Embeddings of texts by an OpenAI-compatible server (`/embeddings`). */
import { z } from "zod";
import { chunks } from "../base/collections";
import type { ServerClient } from "./client";

/** Texts of a request: servers take some hundreds, and answer with as many vectors at once. */
const textsAtATime = 64;

const answerSchema = z.object({
  data: z.array(z.object({ index: z.number().int().nonnegative(), embedding: z.array(z.number().finite()).min(1) })),
});

/**
 * A vector for each text, all of one length.
 * @param heard how many texts have one
 * @throws NoReply
 */
export async function embedTexts(
  client: ServerClient,
  texts: readonly string[],
  heard: (done: number) => void = () => undefined,
): Promise<Float32Array[]> {
  const vectors: Float32Array[] = [];
  for (const input of chunks(texts, textsAtATime)) {
    const { found } = await client.post({
      path: "/embeddings",
      body: { model: client.options.model, input, encoding_format: "float" },
      expected: "embeddings",
      read: (answer) => vectorsOf(answer, input.length, vectors[0]?.length),
    });
    vectors.push(...found);
    heard(vectors.length);
  }
  return vectors;
}

/** @param width of those before, which these have too */
function vectorsOf(answer: unknown, count: number, width?: number): { found: Float32Array[] } | { wrong: string } {
  const result = answerSchema.safeParse(answer);
  if (!result.success) {
    const { path, message } = result.error.issues[0]!;
    return { wrong: `${path.join(".") || "the whole"}: ${message}` };
  }
  const found: Float32Array[] = [];
  for (const { index, embedding } of result.data.data) found[index] = Float32Array.from(embedding);
  if (found.length !== count || Object.keys(found).length !== count)
    return { wrong: `${result.data.data.length} embeddings of ${count} texts` };
  const other = found.find(({ length }) => length !== (width ?? found[0]!.length));
  return other
    ? { wrong: `an embedding of ${other.length} numbers among some of ${width ?? found[0]!.length}` }
    : { found };
}
