/**
 * Embeddings of texts by the policy that is served: the mean of the hidden states behind the last layer and its norm,
 * over the tokens of the text, as `topicEmbeddings` has them of a topic's name; of length 1, as OpenAI's are. What the
 * tokenizer itself puts before a text is read but not counted: BOS has hidden states of another size.
 */
import { breathe } from "../../base/progress";
import { hiddenStates } from "../../model/embed";
import type { Policy } from "../../model/policy";

/**
 * A vector [D] for each text, one after the other, so that none depends on what it was asked with.
 * @param texts token ids, each with at least one
 * @throws the signal's reason
 */
export async function embed(
  { model, params, tokenizer: { opening } }: Policy,
  texts: readonly (readonly number[])[],
  signal: AbortSignal,
): Promise<Float32Array[]> {
  const vectors: Float32Array[] = [];
  for (const ids of texts) {
    signal.throwIfAborted();
    const [layers] = await hiddenStates(model, params, [ids]);
    const opened = ids.length > opening.length && opening.every((id, i) => ids[i] === id) ? opening.length : 0;
    vectors.push(meanDirection(layers!.at(-1)!.subarray(opened * model.config.hiddenSize), model.config.hiddenSize));
    await breathe();
  }
  return vectors;
}

/** @param states [T, D], row-major */
function meanDirection(states: Float32Array, D: number): Float32Array {
  const sum = new Float64Array(D);
  states.forEach((value, i) => (sum[i % D]! += value));
  const length = Math.hypot(...sum) || 1;
  return Float32Array.from(sum, (value) => value / length);
}
