/** Models and pairs of a given size, made from a seed: what is timed does not hang on what the numbers mean. */
import { Rng } from "../../lib/base/rng";
import type { TransformerConfig } from "../../lib/model/config";
import type { HostTensor } from "../../lib/model/safetensors/safetensors";
import { weightShapes } from "../../lib/model/weights";
import type { TokenizedPair, TokenizedSide } from "../../lib/preference/collate";
import type { PreferencePair } from "../../lib/preference/pair";
import type { Tokenizer } from "../../lib/text/tokenizer";

/** Llama in the sizes of Atlas's base, 1M weights, but for what a caller changes. */
export const seededConfig: TransformerConfig = {
  architecture: "LlamaForCausalLM",
  hiddenSize: 128,
  layers: 4,
  heads: 4,
  kvHeads: 1,
  headDim: 32,
  intermediateSize: 352,
  vocabSize: 2048,
  rmsEps: 1e-5,
  ropeTheta: 10000,
  tied: true,
  qkvBias: false,
  oBias: false,
  mlpBias: false,
  maxPositions: 512,
  bosId: 1,
  eosIds: [2],
  padId: 0,
};

/** 30M weights: 8 layers, grouped-query attention, a 32k vocabulary. */
export const largeConfig: TransformerConfig = {
  ...seededConfig,
  hiddenSize: 384,
  layers: 8,
  heads: 6,
  kvHeads: 2,
  headDim: 64,
  intermediateSize: 1536,
  vocabSize: 32000,
  maxPositions: 256,
};

/** Normal(0, 0.02) weights; norms are 1. */
export function seededTensors(name: string, config: TransformerConfig): Map<string, HostTensor> {
  const rng = new Rng(name);
  return new Map(
    [...weightShapes(config)].map(([weight, shape]) => {
      const stream = rng.fork(weight);
      const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
      return [
        weight,
        { shape, data: weight.endsWith("norm.weight") ? data.fill(1) : data.map(() => 0.02 * stream.normal()) },
      ];
    }),
  );
}

/** Prompts and completions of random ids; runs of 12 tokens are unmasked with probability 0.7, like sentences. */
export function randomPairs(
  { vocabSize }: TransformerConfig,
  count: number,
  { prompt, shortest, longest }: { prompt: number; shortest: number; longest: number },
): TokenizedPair[] {
  return Array.from({ length: count }, (_, i) => {
    const rng = new Rng("random pairs").fork(i);
    const promptIds = Array.from({ length: prompt }, () => 3 + rng.int(vocabSize - 3));
    const side = (): TokenizedSide => {
      const length = shortest + rng.int(longest - shortest + 1) - prompt;
      const ids = Int32Array.from([...promptIds, ...Array.from({ length }, () => 3 + rng.int(vocabSize - 3))]);
      const kept = Array.from({ length: Math.ceil(length / 12) }, () => rng.next() < 0.7);
      const weights = Float32Array.from(ids, (_, t) =>
        t >= prompt && (t === ids.length - 1 || kept[Math.floor((t - prompt) / 12)]) ? 1 : 0,
      );
      return { ids, weights, promptLength: prompt, sentenceOf: new Int32Array(ids.length), emptied: false };
    };
    // what it was made from is never looked at
    return { questionId: `q${i}`, chosen: side(), rejected: side() } as TokenizedPair;
  });
}

const words = "Lima lies in Peru and has a river near the sea of many people who speak".split(" ");

/** Pairs of random words in sentences of ten, half of them supported; with a chat template about so many tokens. */
export function wordPairs(
  tokenizer: Tokenizer,
  count: number,
  lengths: { prompt: number; completion: number },
): PreferencePair[] {
  const rng = new Rng("shapes");
  const text = (tokens: number) => {
    const { ids } = tokenizer.encode(
      Array.from({ length: tokens }, (_, i) => `${words[rng.int(words.length)]}${i % 10 === 9 ? "." : ""}`).join(" "),
    );
    return tokenizer.decode(Array.from(ids.slice(0, tokens)));
  };
  const side = () => {
    const completion = text(lengths.completion);
    const half = Math.floor(completion.length / 2);
    return {
      completion,
      sentences: [
        { start: 0, end: half, verdict: "supported" as const },
        { start: half, end: completion.length, verdict: "contradictory" as const },
      ],
    };
  };
  return Array.from({ length: count }, (_, i) => ({
    questionId: `q${i}`,
    topic: `t${i}`,
    prompt: [{ role: "user", content: text(lengths.prompt - 8) }],
    chosen: side(),
    rejected: side(),
    scores: { chosen: 1, rejected: 0 },
  }));
}
