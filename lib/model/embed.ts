/**
 * What a policy makes of a topic: its hidden states at the topic's name. These are the policy's own vectors phi(v)
 * of the topic graph (§4.2); the paper does not say from which layer or tokens it takes them.
 */
import * as tf from "@tensorflow/tfjs";
import { UserError, brief } from "../base/check";
import type { Message } from "../text/message";
import { encodePrompt } from "../text/prompt";
import type { Tokenizer } from "../text/tokenizer";
import type { Transformer } from "./transformer";
import type { Params } from "./params";
import { packSequences } from "./packing";

/** A prompt that names a topic. */
export interface Mention {
  /** Id of the topic; a topic may have several mentions. */
  topic: string;
  name: string;
  prompt: readonly Message[];
}

/** Sequences per forward pass: short ones, of which only attention is padded. */
const chunkMentions = 512;

/**
 * Hidden states [layers + 1][T, D], row-major, of every sequence of T ids. Layer 0 are the embeddings, layer i the
 * output of the i-th block, the last (the number of blocks) with the final norm, as in transformers' `hidden_states`.
 */
export async function hiddenStates(
  model: Transformer,
  params: Params,
  sequences: readonly ArrayLike<number>[],
): Promise<Float32Array[][]> {
  const D = model.config.hiddenSize;
  const packing = packSequences(sequences);
  const layers = tf.tidy(() => model.states(params, packing));
  const values = (await Promise.all(layers.map((states) => states.data()))) as Float32Array[]; // each [N, D]
  tf.dispose(layers);
  return packing.tokens.map((tokens) =>
    values.map((states) => {
      const own = new Float32Array(tokens.length * D);
      tokens.forEach((token, t) => own.set(states.subarray(token * D, (token + 1) * D), t * D));
      return own;
    }),
  );
}

/**
 * For every layer (as `hiddenStates`) a vector [D] per topic: the mean hidden state over the tokens of its name, then
 * the mean over its mentions. A token belongs to the name when it shares a character with its last occurrence in the
 * prompt; what follows the name is not read, since no hidden state before it depends on it.
 * @throws UserError where a prompt does not hold the name
 */
export async function topicEmbeddings(
  { model, params, tokenizer }: { model: Transformer; params: Params; tokenizer: Tokenizer },
  mentions: readonly Mention[],
): Promise<Map<string, Float32Array>[]> {
  const { layers, hiddenSize: D } = model.config;
  const sums = Array.from({ length: layers + 1 }, () => new Map<string, { sum: Float64Array; mentions: number }>());
  for (let from = 0; from < mentions.length; from += chunkMentions) {
    const chunk = mentions.slice(from, from + chunkMentions);
    const spans = chunk.map((mention) => nameTokens(tokenizer, mention));
    const states = await hiddenStates(
      model,
      params,
      spans.map(({ ids }) => ids),
    );
    chunk.forEach(({ topic }, i) =>
      sums.forEach((byTopic, layer) => {
        const entry = byTopic.get(topic) ?? { sum: new Float64Array(D), mentions: 0 };
        byTopic.set(topic, entry);
        entry.mentions++;
        const { ids, first } = spans[i]!;
        const own = states[i]![layer]!;
        for (let t = first; t < ids.length; t++)
          for (let d = 0; d < D; d++) entry.sum[d]! += own[t * D + d]! / (ids.length - first);
      }),
    );
  }
  return sums.map(
    (byTopic) =>
      new Map(
        [...byTopic].map(([topic, { sum, mentions: count }]) => [
          topic,
          Float32Array.from(sum, (value) => value / count),
        ]),
      ),
  );
}

/** Ids of the prompt up to the name's end, and the index of the name's first token. */
export function nameTokens(
  tokenizer: Tokenizer,
  { name, prompt }: Omit<Mention, "topic">,
): { ids: number[]; first: number } {
  const { text, ids, starts, ends } = encodePrompt(tokenizer, prompt);
  const from = text.lastIndexOf(name);
  const to = from + name.length;
  const inside = ids.flatMap((_, i) => (starts[i]! < to && ends[i]! > from ? [i] : []));
  if (from < 0 || inside.length === 0)
    throw new UserError({
      where: `prompt ${brief(text)}`,
      expected: `the name ${brief(name)} in it`,
      got: "none",
      fix: "Give prompts that name the topic.",
    });
  return { ids: ids.slice(0, inside.at(-1)! + 1), first: inside[0]! };
}
