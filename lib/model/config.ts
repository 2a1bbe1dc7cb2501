/**
 * config.json of a Llama or Qwen2 checkpoint, read and written as transformers does.
 *
 * transformers 4 keeps `rope_theta` and `rope_scaling`, transformers 5 one `rope_parameters`; both are read,
 * with transformers 5's precedence, and both are written. Keys that change nothing here are ignored; keys
 * that would change the computation and are not supported end with an error.
 */
import { z } from "zod";
import { UserError, brief } from "../base/check";
import { parseJson, parseRow, readText } from "../base/jsonl";

/** Frequency scaling of rotary embeddings. */
export type RopeScaling =
  /**
   * grows with sequences longer than the model's positions, which nothing here makes; up to there it changes nothing
   */
  | { type: "dynamic"; factor: number }
  | { type: "linear"; factor: number }
  | { type: "llama3"; factor: number; lowFreqFactor: number; highFreqFactor: number; originalMaxPositions: number };

/** Shape of a decoder-only transformer. Sizes are counts of units; biases say which projections have one. */
export interface LlamaConfig {
  architecture: "LlamaForCausalLM" | "Qwen2ForCausalLM";
  hiddenSize: number;
  layers: number;
  /** Query heads; a multiple of `kvHeads` (grouped-query attention). */
  heads: number;
  kvHeads: number;
  headDim: number;
  intermediateSize: number;
  vocabSize: number;
  rmsEps: number;
  ropeTheta: number;
  ropeScaling?: RopeScaling;
  /** The output head is the embedding. */
  tied: boolean;
  qkvBias: boolean;
  oBias: boolean;
  mlpBias: boolean;
  maxPositions: number;
  bosId?: number;
  /** May be empty; the tokenizer decides what closes a completion. */
  eosIds: number[];
  padId?: number;
}

const count = z.number().int().positive();
const id = z.number().int().nonnegative();
const ropeSchema = z
  .object({
    rope_theta: z.number().positive().optional(),
    rope_type: z.string().optional(),
    type: z.string().optional(),
    factor: z.number().min(1).optional(),
    low_freq_factor: z.number().positive().optional(),
    high_freq_factor: z.number().positive().optional(),
    original_max_position_embeddings: count.optional(),
    partial_rotary_factor: z.number().optional(),
    full_attention: z.undefined({ message: "rotary parameters by layer type are not supported" }),
  })
  .passthrough()
  .nullish();
const hfSchema = z
  .object({
    hidden_size: count,
    num_hidden_layers: count,
    num_attention_heads: count,
    num_key_value_heads: count.nullish(),
    head_dim: count.nullish(),
    intermediate_size: count,
    vocab_size: count,
    hidden_act: z.literal("silu").default("silu"),
    rms_norm_eps: z.number().positive().default(1e-6),
    rope_theta: z.number().positive().nullish(),
    rope_scaling: ropeSchema,
    rope_parameters: ropeSchema,
    partial_rotary_factor: z.literal(1).nullish(),
    tie_word_embeddings: z.boolean().default(false),
    attention_bias: z.boolean().default(false),
    mlp_bias: z.boolean().default(false),
    use_sliding_window: z
      .boolean()
      .refine((on) => !on, "sliding-window attention is not supported")
      .nullish(),
    layer_types: z
      .array(z.string().refine((type) => type === "full_attention", "only full attention is supported"))
      .nullish(),
    quantization_config: z.null({ message: "quantised weights are not supported" }).optional(),
    max_position_embeddings: count.optional(),
    bos_token_id: id.nullish(),
    eos_token_id: z.union([id, z.array(id)]).nullish(),
    pad_token_id: z.number().int().nullish(),
  })
  .passthrough();
type HfConfig = z.output<typeof hfSchema>;

const kindSchema = z
  .object({ architectures: z.array(z.string()).nullish(), model_type: z.string().nullish() })
  .passthrough();
const architectureOf: Readonly<Record<string, LlamaConfig["architecture"]>> = {
  LlamaForCausalLM: "LlamaForCausalLM",
  Qwen2ForCausalLM: "Qwen2ForCausalLM",
  llama: "LlamaForCausalLM",
  qwen2: "Qwen2ForCausalLM",
};

const dtypeSchema = z.object({ dtype: z.string().nullish(), torch_dtype: z.string().nullish() });

/** Reads config.json. @throws UserError for another architecture, an unsupported option or a missing key */
export function readConfig(file: string): LlamaConfig {
  return parseConfig(parseJson(readText(file), file), file);
}

/**
 * The type of the weights as config.json has it (`dtype`, in transformers 4 `torch_dtype`): "bfloat16", say; "" where
 * it is silent.
 * @throws UserError as `readConfig`
 */
export function storedType(file: string): string {
  const { dtype, torch_dtype } = parseRow(dtypeSchema, parseJson(readText(file), file), file);
  return dtype ?? torch_dtype ?? "";
}

/** `readConfig` on a parsed value. @param where file name for messages */
export function parseConfig(value: unknown, where: string): LlamaConfig {
  const kind = parseRow(kindSchema, value, where);
  const named = kind.architectures?.[0] ?? kind.model_type ?? "none";
  const architecture = architectureOf[named];
  if (!architecture) {
    throw new UserError({
      where,
      expected: "architecture LlamaForCausalLM or Qwen2ForCausalLM",
      got: brief(named),
      fix: "Use a checkpoint of one of these architectures.",
    });
  }
  const hf = parseRow(hfSchema, value, where);
  const qwen = architecture === "Qwen2ForCausalLM";
  const eos = hf.eos_token_id ?? [];
  const config: LlamaConfig = {
    architecture,
    hiddenSize: hf.hidden_size,
    layers: hf.num_hidden_layers,
    heads: hf.num_attention_heads,
    kvHeads: hf.num_key_value_heads ?? hf.num_attention_heads,
    headDim: hf.head_dim ?? hf.hidden_size / hf.num_attention_heads,
    intermediateSize: hf.intermediate_size,
    vocabSize: hf.vocab_size,
    rmsEps: hf.rms_norm_eps,
    ...rope(hf, qwen, where),
    tied: hf.tie_word_embeddings,
    qkvBias: qwen || hf.attention_bias,
    oBias: !qwen && hf.attention_bias,
    mlpBias: !qwen && hf.mlp_bias,
    maxPositions: maxPositions(hf, qwen),
    bosId: hf.bos_token_id ?? undefined,
    eosIds: typeof eos === "number" ? [eos] : eos,
    padId:
      hf.pad_token_id !== undefined && hf.pad_token_id !== null && hf.pad_token_id >= 0 ? hf.pad_token_id : undefined,
  };
  checkSizes(config, where);
  return config;
}

/** The config.json that transformers 4 and 5 read back as this model. */
export function toHfConfig(config: LlamaConfig): Record<string, unknown> {
  const qwen = config.architecture === "Qwen2ForCausalLM";
  const fits = qwen ? config.qkvBias && !config.oBias && !config.mlpBias : config.qkvBias === config.oBias;
  if (!fits)
    throw new Error(
      `toHfConfig: ${config.architecture} cannot have biases qkv ${config.qkvBias}, o ${config.oBias}, mlp ${config.mlpBias}`,
    );
  const scaling = config.ropeScaling && toHfScaling(config.ropeScaling);
  return {
    architectures: [config.architecture],
    model_type: qwen ? "qwen2" : "llama",
    ...(qwen ? { use_sliding_window: false } : { attention_bias: config.qkvBias, mlp_bias: config.mlpBias }),
    attention_dropout: 0,
    bos_token_id: config.bosId ?? null,
    eos_token_id: config.eosIds.length > 1 ? config.eosIds : (config.eosIds[0] ?? null),
    pad_token_id: config.padId ?? null,
    head_dim: config.headDim,
    hidden_act: "silu",
    hidden_size: config.hiddenSize,
    initializer_range: 0.02,
    intermediate_size: config.intermediateSize,
    max_position_embeddings: config.maxPositions,
    num_attention_heads: config.heads,
    num_hidden_layers: config.layers,
    num_key_value_heads: config.kvHeads,
    rms_norm_eps: config.rmsEps,
    rope_theta: config.ropeTheta,
    rope_scaling: scaling ?? null,
    rope_parameters: { rope_theta: config.ropeTheta, ...(scaling ?? { rope_type: "default" }) },
    tie_word_embeddings: config.tied,
    torch_dtype: "float32",
    use_cache: true,
    vocab_size: config.vocabSize,
  };
}

function rope(hf: HfConfig, qwen: boolean, where: string): Pick<LlamaConfig, "ropeTheta" | "ropeScaling"> {
  const given = hf.rope_scaling ?? hf.rope_parameters ?? {};
  const ropeTheta = given.rope_theta ?? hf.rope_theta ?? 10000;
  const type = given.rope_type ?? given.type ?? "default";
  if ((given.partial_rotary_factor ?? 1) !== 1)
    return badRope(where, "partial_rotary_factor 1", given.partial_rotary_factor);
  if (type === "default") return { ropeTheta };
  if (type !== "linear" && type !== "llama3" && type !== "dynamic")
    return badRope(where, "rotary scaling default, linear, dynamic or llama3", type);
  const { factor, low_freq_factor: lowFreqFactor, high_freq_factor: highFreqFactor } = given;
  if (factor === undefined) return badRope(where, `a factor for ${type} rotary scaling`, given);
  if (type !== "llama3") return { ropeTheta, ropeScaling: { type, factor } };
  if (lowFreqFactor === undefined || highFreqFactor === undefined || highFreqFactor <= lowFreqFactor) {
    return badRope(where, "low_freq_factor below high_freq_factor for llama3 rotary scaling", given);
  }
  const originalMaxPositions = given.original_max_position_embeddings ?? maxPositions(hf, qwen);
  return { ropeTheta, ropeScaling: { type, factor, lowFreqFactor, highFreqFactor, originalMaxPositions } };
}

/** Absent, it is the default of transformers' config class. */
function maxPositions(hf: HfConfig, qwen: boolean): number {
  return hf.max_position_embeddings ?? (qwen ? 32768 : 2048);
}

function toHfScaling(scaling: RopeScaling): Record<string, unknown> {
  if (scaling.type !== "llama3") return { rope_type: scaling.type, factor: scaling.factor };
  return {
    rope_type: "llama3",
    factor: scaling.factor,
    low_freq_factor: scaling.lowFreqFactor,
    high_freq_factor: scaling.highFreqFactor,
    original_max_position_embeddings: scaling.originalMaxPositions,
  };
}

function badRope(where: string, expected: string, got: unknown): never {
  throw new UserError({
    where,
    expected,
    got: brief(got),
    fix: "This rotary embedding is not supported; use another checkpoint.",
  });
}

function checkSizes(config: LlamaConfig, where: string): void {
  const fix = "Correct config.json.";
  if (config.heads % config.kvHeads !== 0) {
    throw new UserError({
      where,
      expected: "num_attention_heads to be a multiple of num_key_value_heads",
      got: `${config.heads} and ${config.kvHeads}`,
      fix,
    });
  }
  if (!Number.isInteger(config.headDim) || config.headDim % 2 !== 0) {
    throw new UserError({
      where,
      expected: "an even whole head_dim (hidden_size / num_attention_heads)",
      got: String(config.headDim),
      fix,
    });
  }
}
