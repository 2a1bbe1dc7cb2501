/** What the config.json of each family says of its model, and what is refused of it by name. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { TransformerConfig } from "../../lib/model/config";
import { parseConfig, toHfConfig } from "../../lib/model/configFile";
import { userError } from "../golden/fixtures";
import { readGolden } from "../golden/golden";

type Json = Record<string, unknown>;
const written = readGolden<Record<string, { config: Json }>>("config", "transformers-5.json");
const read = (name: string): TransformerConfig => parseConfig(written[name]!.config, name);

/** The fields of a config that Llama does not have. */
function own(config: TransformerConfig): Partial<TransformerConfig> {
  const { qkNorm, norms, normOffset, embeddingScale, activation, attentionScale } = config;
  const { attentionCap, logitCap, window, unrotated } = config;
  const fields = { qkNorm, norms, normOffset, embeddingScale, activation, attentionScale };
  return Object.fromEntries(
    Object.entries({ ...fields, attentionCap, logitCap, window, unrotated }).filter(([, value]) => value !== undefined),
  );
}

test("each family computes what its class in transformers does, and no more", () => {
  const gemma = { norms: "around", normOffset: 1, embeddingScale: 8, activation: "gelu_tanh" } as const;
  const local = { rope: { ropeTheta: 1e4 } };
  assert.deepEqual(own(read("llama")), {});
  assert.deepEqual(own(read("mistral")), { window: { size: 4096, layers: [0, 1] } });
  assert.deepEqual(own(read("mistral-v0.2")), {});
  assert.deepEqual(own(read("qwen3")), { qkNorm: "head" });
  assert.deepEqual(own(parseConfig({ ...written["smollm3"]!.config, num_hidden_layers: 2 }, "")), { unrotated: [] });
  assert.deepEqual(own(read("olmo2")), { qkNorm: "heads", norms: "after" });
  assert.deepEqual(own(read("gemma2")), {
    ...gemma,
    attentionScale: 0.25,
    attentionCap: 50,
    logitCap: 30,
    window: { size: 4096, layers: [0] },
  });
  assert.deepEqual(own(read("gemma3")), {
    ...gemma,
    qkNorm: "head",
    attentionScale: 1 / 16,
    window: { size: 512, layers: [0, 1, 2, 3, 4, 6], ...local },
  });
  assert.deepEqual(read("gemma3").ropeScaling, { type: "linear", factor: 8 });
  assert.deepEqual(own(read("phi3")), { window: { size: 2047, layers: [0, 1] } });
  assert.deepEqual([read("phi3").tied, read("gemma2").tied, read("smollm3").tied], [false, true, true]);
});

test("YaRN: what it multiplies cosines and sines by, and the bounds of its blend", () => {
  assert.deepEqual(read("qwen2-yarn").ropeScaling, {
    type: "yarn",
    factor: 4,
    attentionFactor: 0.1 * Math.log(4) + 1,
    betaFast: 32,
    betaSlow: 1,
    originalMaxPositions: 32768,
    truncate: true,
  });
  assert.deepEqual(read("llama-yarn-whole").ropeScaling, {
    type: "yarn",
    factor: 8,
    attentionFactor: 1.25,
    betaFast: 16,
    betaSlow: 2,
    originalMaxPositions: 512,
    truncate: false,
  });
});

/** As published, short of what no computation reads. */
const published: Record<string, Json> = {
  "Yi-1.5-6B": {
    architectures: ["LlamaForCausalLM"],
    attention_bias: false,
    bos_token_id: 1,
    eos_token_id: 2,
    pad_token_id: 0,
    hidden_act: "silu",
    hidden_size: 4096,
    intermediate_size: 11008,
    max_position_embeddings: 4096,
    model_type: "llama",
    num_attention_heads: 32,
    num_hidden_layers: 32,
    num_key_value_heads: 4,
    pretraining_tp: 1,
    rms_norm_eps: 1e-6,
    rope_scaling: null,
    rope_theta: 5000000,
    tie_word_embeddings: false,
    vocab_size: 64000,
  },
  "InternLM2.5-7B-chat": {
    architectures: ["InternLM2ForCausalLM"],
    attn_implementation: "eager",
    bias: false,
    bos_token_id: 1,
    eos_token_id: 2,
    pad_token_id: 2,
    hidden_act: "silu",
    hidden_size: 4096,
    intermediate_size: 14336,
    max_position_embeddings: 32768,
    model_type: "internlm2",
    num_attention_heads: 32,
    num_hidden_layers: 32,
    num_key_value_heads: 8,
    rms_norm_eps: 1e-5,
    rope_scaling: { type: "dynamic", factor: 2.0 },
    rope_theta: 1000000,
    tie_word_embeddings: false,
    vocab_size: 92544,
  },
};

test("Yi-1.5 is Llama; InternLM2 goes by its own names", () => {
  const yi = parseConfig(published["Yi-1.5-6B"], "Yi");
  assert.deepEqual([yi.heads, yi.kvHeads, yi.headDim, yi.ropeTheta, own(yi)], [32, 4, 128, 5e6, {}]);
  const intern = parseConfig(published["InternLM2.5-7B-chat"], "InternLM2");
  assert.deepEqual([intern.kvHeads, intern.qkvBias, intern.ropeScaling], [8, false, { type: "dynamic", factor: 2 }]);
  for (const config of [yi, intern]) assert.deepEqual(parseConfig(toHfConfig(config), "again"), config);
});

describe("refused", () => {
  const refused = (name: string, change: Json, message: RegExp): void => {
    test(`${name}: ${Object.keys(change).join()}`, () => {
      assert.throws(() => parseConfig({ ...written[name]!.config, ...change }, "config.json"), userError(message));
    });
  };
  refused("qwen3", { use_sliding_window: true }, /"use_sliding_window" \(sliding-window attention is not supported\)/);
  refused("mistral", { layer_types: ["sliding_attention"] }, /"layer_types\.0" \(only full attention is supported\)/);
  refused("mistral", { sliding_window: -1 }, /"sliding_window"/);
  refused("smollm3", { no_rope_layers: [1] }, /"no_rope_layers" \(an entry for every layer\)/);
  refused("olmo2", { hidden_act: "gelu" }, /"hidden_act".*silu.*got "gelu"/);
  refused("gemma2", { hidden_activation: "gelu" }, /"hidden_activation".*gelu_pytorch_tanh.*got "gelu"/);
  refused("gemma2", { use_bidirectional_attention: true }, /"use_bidirectional_attention"/);
  refused("gemma2", { layer_types: ["chunked_attention"] }, /"layer_types\.0"/);
  refused("gemma3", { final_logit_softcapping: 30 }, /"final_logit_softcapping" \(caps are not supported\)/);
  refused("gemma3", { architectures: ["Gemma3ForConditionalGeneration"] }, /got "Gemma3ForConditionalGeneration"/);
  refused("phi3", { rope_scaling: { type: "longrope" } }, /"rope_scaling" \(only rotary embeddings without scaling/);
  refused("phi3", { rope_parameters: { rope_type: "longrope" } }, /"rope_parameters\.rope_type" \(only rotary/);
  refused("phi3", { partial_rotary_factor: 0.75 }, /"partial_rotary_factor"/);
});

test("a shape that a family cannot have is not written as something else", () => {
  for (const name of ["mistral", "qwen3", "olmo2", "gemma2", "phi3"])
    assert.throws(() => toHfConfig({ ...read(name), qkvBias: true, oBias: false }), /cannot have biases/, name);
});
