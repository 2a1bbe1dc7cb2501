/** config.json as transformers 4 and 5 write it, back to transformers' form, and what must be refused. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { TransformerConfig } from "../../lib/model/config";
import { parseConfig, toHfConfig } from "../../lib/model/configFile";
import { ropeInverseFrequencies } from "../../lib/model/rope";
import { userError } from "../golden/fixtures";
import { type GoldenTensor, f32, readGolden } from "../golden/golden";

type Json = Record<string, unknown>;
type Cases = Record<string, { config: Json; inverseFrequencies: GoldenTensor }>;

function cases(version: 4 | 5): Cases {
  const { versions: _, ...rest } = readGolden<Cases & { versions: unknown }>("config", `transformers-${version}.json`);
  return rest as Cases;
}
const written = { 4: cases(4), 5: cases(5) };

test("both versions' files say the same", () => {
  assert.deepEqual([...Object.keys(written[4]), "llama-dynamic"], Object.keys(written[5]));
  for (const [name, { config }] of Object.entries(written[4])) {
    assert.deepEqual(parseConfig(config, name), parseConfig(written[5][name]!.config, name), name);
  }
});

test("keys arrive where they belong", () => {
  const config = parseConfig(written[5]["llama-3.2"]!.config, "file");
  const expected: TransformerConfig = {
    architecture: "LlamaForCausalLM",
    hiddenSize: 64,
    layers: 2,
    heads: 4,
    kvHeads: 4,
    headDim: 64,
    intermediateSize: 96,
    vocabSize: 320,
    rmsEps: 1e-6,
    ropeTheta: 500000,
    tied: true,
    qkvBias: false,
    oBias: false,
    mlpBias: false,
    maxPositions: 131072,
    bosId: 1,
    eosIds: [2],
    padId: undefined,
    ropeScaling: { type: "llama3", factor: 32, lowFreqFactor: 1, highFreqFactor: 4, originalMaxPositions: 8192 },
  };
  assert.deepEqual(config, expected);
  const biases = parseConfig(written[4]["llama-linear-biases"]!.config, "file");
  assert.deepEqual(
    [biases.qkvBias, biases.oBias, biases.mlpBias, biases.ropeScaling],
    [true, true, true, { type: "linear", factor: 4 }],
  );
  const qwen = parseConfig(written[4]["qwen2"]!.config, "file");
  assert.deepEqual(
    [qwen.architecture, qwen.kvHeads, qwen.qkvBias, qwen.oBias, qwen.mlpBias, qwen.ropeTheta],
    ["Qwen2ForCausalLM", 2, true, false, false, 1e6],
  );
  assert.deepEqual(parseConfig(written[4]["llama-gqa-tied"]!.config, "file").eosIds, [2, 5, 7]);
});

test("rotary frequencies equal transformers' bit for bit", () => {
  for (const version of [4, 5] as const) {
    for (const [name, { config, inverseFrequencies }] of Object.entries(written[version])) {
      assert.deepEqual(
        ropeInverseFrequencies(parseConfig(config, name)),
        f32(inverseFrequencies),
        `${name}, transformers ${version}`,
      );
    }
  }
});

test("what is written is read back the same, by either form's keys", () => {
  for (const [name, { config }] of Object.entries(written[5])) {
    const parsed = parseConfig(config, name);
    const hf = toHfConfig(parsed);
    assert.deepEqual(parseConfig(hf, name), parsed);
    const { rope_parameters: _5, ...only4 } = hf;
    const { rope_scaling: _4, rope_theta: _t, ...only5 } = hf;
    assert.deepEqual(parseConfig(only4, name), parsed);
    assert.deepEqual(parseConfig(only5, name), parsed);
  }
});

describe("transformers' defaults hold for absent keys", () => {
  const minimal = {
    model_type: "llama",
    hidden_size: 64,
    num_hidden_layers: 1,
    num_attention_heads: 4,
    intermediate_size: 96,
    vocab_size: 300,
  };
  test("sizes, eps, theta, ties", () => {
    const { headDim, kvHeads, rmsEps, ropeTheta, ropeScaling, tied, maxPositions, eosIds } = parseConfig(
      minimal,
      "file",
    );
    assert.deepEqual(
      [headDim, kvHeads, rmsEps, ropeTheta, ropeScaling, tied, maxPositions, eosIds],
      [16, 4, 1e-6, 10000, undefined, false, 2048, []],
    );
  });
  test("the older key `type`, and the original length of llama3 scaling", () => {
    const rope_scaling = { type: "llama3", factor: 8, low_freq_factor: 1, high_freq_factor: 4 };
    assert.deepEqual(parseConfig({ ...minimal, rope_theta: 5e5, rope_scaling }, "file").ropeScaling, {
      type: "llama3",
      factor: 8,
      lowFreqFactor: 1,
      highFreqFactor: 4,
      originalMaxPositions: 2048,
    });
  });
  test("a pad id of -1 means none", () =>
    assert.equal(parseConfig({ ...minimal, pad_token_id: -1 }, "file").padId, undefined));
});

describe("refused", () => {
  const base = written[4]["llama"]!.config;
  const refused = (name: string, change: Json, message: RegExp) => {
    test(name, () => assert.throws(() => parseConfig({ ...base, ...change }, "dir/config.json"), userError(message)));
  };

  refused(
    "another architecture",
    { architectures: ["GPT2LMHeadModel"] },
    /^dir\/config\.json: expected architecture LlamaForCausalLM or .* or InternLM2ForCausalLM, got "GPT2LMHeadModel"/,
  );
  refused(
    "another head on the same decoder",
    { architectures: ["LlamaForSequenceClassification"] },
    /got "LlamaForSequenceClassification"/,
  );
  refused("no architecture at all", { architectures: null, model_type: undefined }, /got "none"/);
  refused("another activation", { hidden_act: "gelu" }, /"hidden_act".*silu.*got "gelu"/);
  refused(
    "longrope scaling",
    { rope_scaling: { rope_type: "longrope", factor: 4 } },
    /default, linear, dynamic, llama3 or yarn, got "longrope"/,
  );
  refused(
    "YaRN scaling with mscale",
    { rope_scaling: { rope_type: "yarn", factor: 4, mscale: 0.7 } },
    /"rope_scaling\.mscale" \(mscale is not supported\)/,
  );
  refused("scaling without a factor", { rope_scaling: { rope_type: "linear" } }, /expected a factor for linear/);
  refused(
    "llama3 scaling with crossed bounds",
    { rope_scaling: { rope_type: "llama3", factor: 8, low_freq_factor: 4, high_freq_factor: 1 } },
    /low_freq_factor below high_freq_factor/,
  );
  refused(
    "partial rotation",
    { rope_parameters: { rope_theta: 1e4, partial_rotary_factor: 0.5 } },
    /partial_rotary_factor 1, got 0\.5/,
  );
  refused(
    "rotary parameters by layer type",
    { rope_parameters: { full_attention: { rope_theta: 1e4 } } },
    /by layer type are not supported/,
  );
  refused(
    "a sliding window",
    { architectures: ["Qwen2ForCausalLM"], use_sliding_window: true },
    /"use_sliding_window" \(sliding-window attention is not supported\)/,
  );
  refused(
    "sliding layers",
    { architectures: ["Qwen2ForCausalLM"], layer_types: ["full_attention", "sliding_attention"] },
    /"layer_types\.1" \(only full attention is supported\), got "sliding_attention"/,
  );
  refused("quantised weights", { quantization_config: { bits: 4 } }, /quantised weights are not supported/);
  refused("heads that do not divide", { num_key_value_heads: 3 }, /multiple of num_key_value_heads, got 4 and 3/);
  refused("an odd head size", { head_dim: 7 }, /even whole head_dim .*, got 7/);
  refused("a missing size", { hidden_size: undefined }, /"hidden_size"/);
  refused("a size that is text", { vocab_size: "320" }, /"vocab_size".*got "320"/);
});

test("biases that no architecture has are not written as something else", () => {
  const config = parseConfig(written[4]["qwen2"]!.config, "file");
  assert.throws(() => toHfConfig({ ...config, oBias: true }), /cannot have biases/);
  assert.throws(() => toHfConfig({ ...config, architecture: "LlamaForCausalLM" }), /cannot have biases/);
});
