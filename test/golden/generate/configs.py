"""config.json and rotary frequencies of several models, as the transformers that runs this writes them.

Run once with transformers 4 and once with 5: python test/golden/generate/configs.py
"""

import json

import transformers
from common import GOLDEN, f32, versions, write_json
from transformers import Gemma2Config, Gemma3TextConfig, LlamaConfig, MistralConfig, Olmo2Config, Phi3Config, Qwen2Config, Qwen3Config, SmolLM3Config
from transformers.models.gemma3.modeling_gemma3 import Gemma3RotaryEmbedding
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

MAJOR = int(transformers.__version__.split(".")[0])


def rope(theta, **scaling):
    """The same rotary embedding in the keys of either version."""
    if MAJOR >= 5:
        return {"rope_parameters": {"rope_type": "default", "rope_theta": theta, **scaling}}
    return {"rope_theta": theta, "rope_scaling": scaling or None}


SIZES = dict(hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4, vocab_size=320)
LLAMA3 = dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0)
CONFIGS = {
    "llama": LlamaConfig(**SIZES, **rope(10000.0)),
    "llama-defaults": LlamaConfig(),
    "llama-gqa-tied": LlamaConfig(**SIZES, num_key_value_heads=2, tie_word_embeddings=True, eos_token_id=[2, 5, 7], pad_token_id=0, **rope(500000.0)),
    "llama-3.1": LlamaConfig(**{**SIZES, "hidden_size": 4096, "num_attention_heads": 32}, num_key_value_heads=8, max_position_embeddings=131072, **rope(500000.0, **LLAMA3, original_max_position_embeddings=8192)),
    "llama-3.2": LlamaConfig(**SIZES, head_dim=64, max_position_embeddings=131072, tie_word_embeddings=True, **rope(500000.0, **dict(LLAMA3, factor=32.0), original_max_position_embeddings=8192)),
    "llama-linear-biases": LlamaConfig(**SIZES, attention_bias=True, mlp_bias=True, **rope(10000.0, rope_type="linear", factor=4.0)),
    "qwen2": Qwen2Config(**SIZES, num_key_value_heads=2, **rope(1000000.0)),
    "qwen2-tied": Qwen2Config(**SIZES, num_key_value_heads=1, tie_word_embeddings=True, bos_token_id=1, eos_token_id=2, **rope(10000.0)),
    "qwen2-yarn": Qwen2Config(**SIZES, num_key_value_heads=2, max_position_embeddings=131072, **rope(1000000.0, rope_type="yarn", factor=4.0, original_max_position_embeddings=32768)),
    "llama-yarn-whole": LlamaConfig(**SIZES, head_dim=64, max_position_embeddings=4096, **rope(10000.0, rope_type="yarn", factor=8.0, original_max_position_embeddings=512, beta_fast=16.0, beta_slow=2.0, attention_factor=1.25, truncate=False)),
    "mistral": MistralConfig(**SIZES, num_key_value_heads=2, rms_norm_eps=1e-5, **rope(10000.0)),
    "mistral-v0.2": MistralConfig(**SIZES, num_key_value_heads=2, max_position_embeddings=32768, sliding_window=None, **rope(1000000.0)),
    "qwen3": Qwen3Config(**SIZES, num_key_value_heads=2, head_dim=32, max_position_embeddings=40960, tie_word_embeddings=True, **rope(1000000.0)),
    "smollm3": SmolLM3Config(**SIZES, num_key_value_heads=1, max_position_embeddings=65536, bos_token_id=3, eos_token_id=4, pad_token_id=5, **rope(5000000.0)),
    "olmo2": Olmo2Config(**SIZES, max_position_embeddings=4096, eos_token_id=5, **rope(500000.0)),
    "gemma2": Gemma2Config(**SIZES, num_key_value_heads=2, head_dim=32, query_pre_attn_scalar=16, **rope(10000.0)),
    "phi3": Phi3Config(**SIZES, num_key_value_heads=1, sliding_window=2047, bos_token_id=1, eos_token_id=7, pad_token_id=7, **rope(10000.0)),
}
GEMMA3 = {**SIZES, "num_hidden_layers": 7}
LOCAL = dict(num_key_value_heads=1, head_dim=32, sliding_window=512, max_position_embeddings=32768)
if MAJOR >= 5:
    CONFIGS["gemma3"] = Gemma3TextConfig(**GEMMA3, **LOCAL, rope_parameters={"full_attention": {"rope_type": "linear", "rope_theta": 1000000.0, "factor": 8.0}, "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0}})
else:
    CONFIGS["gemma3"] = Gemma3TextConfig(**GEMMA3, **LOCAL, rope_theta=1000000.0, rope_local_base_freq=10000.0, rope_scaling={"rope_type": "linear", "factor": 8.0})

if MAJOR >= 5:  # added when version 4 was no longer at hand
    CONFIGS["llama-dynamic"] = LlamaConfig(**SIZES, max_position_embeddings=128, **rope(10000.0, rope_type="dynamic", factor=2.0))


def inverse_frequencies(rotary):
    return rotary.full_attention_inv_freq if hasattr(rotary, "full_attention_inv_freq") else rotary.inv_freq


def main():
    cases = {}
    for name, config in CONFIGS.items():
        config.architectures = [type(config).__name__.replace("TextConfig", "Config").replace("Config", "ForCausalLM")]
        written = json.loads(config.to_json_string())
        rotary = Gemma3RotaryEmbedding(config) if name == "gemma3" else LlamaRotaryEmbedding(config)
        cases[name] = {"config": written, "inverseFrequencies": f32(inverse_frequencies(rotary))}
    write_json(GOLDEN / "config" / f"transformers-{MAJOR}.json", {"versions": versions(), **cases})


if __name__ == "__main__":
    main()
