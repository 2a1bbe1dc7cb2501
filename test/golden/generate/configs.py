"""config.json and rotary frequencies of several models, as the transformers that runs this writes them.

Run once with transformers 4 and once with 5: python test/golden/generate/configs.py
"""

import json

import transformers
from common import GOLDEN, f32, versions, write_json
from transformers import LlamaConfig, Qwen2Config
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
}

if MAJOR >= 5:  # added when version 4 was no longer at hand
    CONFIGS["llama-dynamic"] = LlamaConfig(**SIZES, max_position_embeddings=128, **rope(10000.0, rope_type="dynamic", factor=2.0))


def main():
    cases = {}
    for name, config in CONFIGS.items():
        config.architectures = [f"{'Qwen2' if name.startswith('qwen2') else 'Llama'}ForCausalLM"]
        written = json.loads(config.to_json_string())
        cases[name] = {"config": written, "inverseFrequencies": f32(LlamaRotaryEmbedding(config).inv_freq)}
    write_json(GOLDEN / "config" / f"transformers-{MAJOR}.json", {"versions": versions(), **cases})


if __name__ == "__main__":
    main()
