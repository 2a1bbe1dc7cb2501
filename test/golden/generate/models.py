"""Tiny seeded checkpoints by transformers, with logits, gradients, ten training losses and greedy continuations.

Run as: python test/golden/generate/models.py [NAME ...]
"""

import copy
import json
import shutil
import sys

import torch
from common import GOLDEN, f32, versions, write_json
from safetensors.torch import save_file
from text import build
from transformers import (
    Gemma2Config, Gemma2ForCausalLM, Gemma3ForCausalLM, Gemma3TextConfig, LlamaConfig, LlamaForCausalLM, MistralConfig, MistralForCausalLM, Olmo2Config, Olmo2ForCausalLM,
    Phi3Config, Phi3ForCausalLM, Qwen2Config, Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM, SmolLM3Config, SmolLM3ForCausalLM,
)

COMMON = dict(intermediate_size=64, num_hidden_layers=2, max_position_embeddings=256, attention_dropout=0.0)
ARCHITECTURES = {
    "llama-tied-mha": ("plain", LlamaForCausalLM, LlamaConfig, dict(COMMON, hidden_size=32, num_attention_heads=4, tie_word_embeddings=True, vocab_size=320, rms_norm_eps=1e-5)),
    "llama-gqa-llama3": (
        "llama3",
        LlamaForCausalLM,
        LlamaConfig,
        dict(
            COMMON, hidden_size=48, num_attention_heads=4, num_key_value_heads=2, head_dim=16, num_hidden_layers=3, tie_word_embeddings=False, vocab_size=340, rms_norm_eps=1e-5,
            rope_parameters=dict(rope_type="llama3", rope_theta=10000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=64),
        ),
    ),
    "qwen2-gqa-tied": (
        "qwen2",
        Qwen2ForCausalLM,
        Qwen2Config,
        dict(COMMON, hidden_size=32, num_attention_heads=4, num_key_value_heads=2, tie_word_embeddings=True, vocab_size=336, rope_parameters=dict(rope_type="default", rope_theta=1000000.0)),
    ),
    "llama-biases-linear": (
        "plain",
        LlamaForCausalLM,
        LlamaConfig,
        dict(
            COMMON, hidden_size=32, num_attention_heads=4, num_key_value_heads=1, tie_word_embeddings=False, vocab_size=328, attention_bias=True, mlp_bias=True,
            rope_parameters=dict(rope_type="linear", rope_theta=10000.0, factor=2.0),
        ),
    ),
}
LLAMA3 = dict(rope_type="llama3", rope_theta=500000.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=64)
TINY = dict(num_hidden_layers=1, max_position_embeddings=1024, attention_dropout=0.0)
# Published shapes made small: their ratios of heads, head size, feed-forward width, their ties, biases, epsilons and rotary embeddings.
PUBLISHED = {
    "llama-3.2-1b": ("llama3", LlamaForCausalLM, LlamaConfig, dict(TINY, hidden_size=64, num_attention_heads=8, num_key_value_heads=2, head_dim=8, intermediate_size=256, vocab_size=340, rms_norm_eps=1e-5, tie_word_embeddings=True, rope_parameters=dict(LLAMA3, factor=32.0))),
    "llama-3.1-8b": ("llama3", LlamaForCausalLM, LlamaConfig, dict(TINY, hidden_size=64, num_attention_heads=4, num_key_value_heads=1, intermediate_size=224, vocab_size=340, rms_norm_eps=1e-5, tie_word_embeddings=False, rope_parameters=dict(LLAMA3, factor=8.0))),
    "qwen2.5-0.5b": ("qwen2", Qwen2ForCausalLM, Qwen2Config, dict(TINY, hidden_size=56, num_attention_heads=14, num_key_value_heads=2, intermediate_size=304, vocab_size=336, rms_norm_eps=1e-6, tie_word_embeddings=True, rope_parameters=dict(rope_type="default", rope_theta=1000000.0))),
    "qwen2.5-1.5b": ("qwen2", Qwen2ForCausalLM, Qwen2Config, dict(TINY, hidden_size=48, num_attention_heads=12, num_key_value_heads=2, intermediate_size=280, vocab_size=336, rms_norm_eps=1e-6, tie_word_embeddings=True, rope_parameters=dict(rope_type="default", rope_theta=1000000.0))),
    "smollm2-135m": ("plain", LlamaForCausalLM, LlamaConfig, dict(TINY, hidden_size=36, num_attention_heads=9, num_key_value_heads=3, intermediate_size=96, num_hidden_layers=2, vocab_size=320, rms_norm_eps=1e-5, tie_word_embeddings=True, rope_parameters=dict(rope_type="default", rope_theta=100000.0))),
    "tinyllama-1.1b": ("llama2", LlamaForCausalLM, LlamaConfig, dict(TINY, hidden_size=64, num_attention_heads=8, num_key_value_heads=1, intermediate_size=176, vocab_size=424, rms_norm_eps=1e-5, tie_word_embeddings=False, rope_parameters=dict(rope_type="default", rope_theta=10000.0))),
}
# The same of other families. Windows, caps and the lengths that rotary embeddings grew from are made small too, so that sequences here go beyond them.
GEMMA = dict(TINY, num_hidden_layers=2, hidden_size=24, num_attention_heads=4, head_dim=8, intermediate_size=96, vocab_size=340, rms_norm_eps=1e-6, tie_word_embeddings=True)
PUBLISHED.update({
    "yi-1.5-6b": ("llama2", LlamaForCausalLM, LlamaConfig, dict(TINY, hidden_size=32, num_attention_heads=8, num_key_value_heads=1, intermediate_size=86, vocab_size=424, rms_norm_eps=1e-6, tie_word_embeddings=False, rope_parameters=dict(rope_type="default", rope_theta=5000000.0))),
    "mistral-7b": ("llama2", MistralForCausalLM, MistralConfig, dict(TINY, hidden_size=32, num_attention_heads=4, num_key_value_heads=1, intermediate_size=112, vocab_size=424, rms_norm_eps=1e-5, sliding_window=8, rope_parameters=dict(rope_type="default", rope_theta=10000.0))),
    "qwen3-0.6b": ("qwen2", Qwen3ForCausalLM, Qwen3Config, dict(TINY, hidden_size=32, num_attention_heads=4, num_key_value_heads=2, head_dim=16, intermediate_size=96, vocab_size=336, rms_norm_eps=1e-6, tie_word_embeddings=True, rope_parameters=dict(rope_type="default", rope_theta=1000000.0))),
    "smollm3-3b": ("llama3", SmolLM3ForCausalLM, SmolLM3Config, dict(TINY, num_hidden_layers=2, hidden_size=32, num_attention_heads=4, num_key_value_heads=1, intermediate_size=86, vocab_size=340, rms_norm_eps=1e-6, no_rope_layers=[0, 1], tie_word_embeddings=True, rope_parameters=dict(rope_type="yarn", rope_theta=10000.0, factor=2.0, original_max_position_embeddings=512))),
    "olmo2-1b": ("llama3", Olmo2ForCausalLM, Olmo2Config, dict(TINY, hidden_size=24, num_attention_heads=4, num_key_value_heads=4, intermediate_size=96, vocab_size=340, rms_norm_eps=1e-6, tie_word_embeddings=False, rope_parameters=dict(rope_type="default", rope_theta=500000.0))),
    "gemma2-27b": ("llama3", Gemma2ForCausalLM, Gemma2Config, dict(GEMMA, num_key_value_heads=2, query_pre_attn_scalar=6, sliding_window=8, attn_logit_softcapping=4.0, final_logit_softcapping=6.0, rope_parameters=dict(rope_type="default", rope_theta=10000.0))),
    "gemma3-4b": (
        "llama3",
        Gemma3ForCausalLM,
        Gemma3TextConfig,
        dict(
            GEMMA, num_key_value_heads=1, query_pre_attn_scalar=8, sliding_window=6, layer_types=["sliding_attention", "full_attention"],
            rope_parameters=dict(full_attention=dict(rope_type="linear", rope_theta=1000000.0, factor=8.0), sliding_attention=dict(rope_type="default", rope_theta=10000.0)),
        ),
    ),
    "phi-3-mini": ("llama2", Phi3ForCausalLM, Phi3Config, dict(TINY, hidden_size=24, num_attention_heads=4, num_key_value_heads=2, intermediate_size=64, vocab_size=424, rms_norm_eps=1e-5, tie_word_embeddings=False, sliding_window=9, rope_parameters=dict(rope_type="default", rope_theta=10000.0))),
    "internlm2-7b": ("metaspace", LlamaForCausalLM, LlamaConfig, dict(TINY, hidden_size=24, num_attention_heads=4, num_key_value_heads=2, intermediate_size=84, vocab_size=424, rms_norm_eps=1e-5, tie_word_embeddings=False, rope_parameters=dict(rope_type="dynamic", rope_theta=1000000.0, factor=2.0))),
})
INTERNLM2 = {"embed_tokens": "tok_embeddings", "self_attn.o_proj": "attention.wo", "mlp.gate_proj": "feed_forward.w1", "mlp.up_proj": "feed_forward.w3", "mlp.down_proj": "feed_forward.w2", "input_layernorm": "attention_norm", "post_attention_layernorm": "ffn_norm", "lm_head": "output"}
NEW_TOKENS = 64
MIN_GAP = 1e-2


def make(cls, config, seed):
    """Weights large enough that the model has opinions; norms and biases away from their trivial values."""
    generator = torch.Generator().manual_seed(seed)
    model = cls(config).eval()
    with torch.no_grad():
        for name, weight in sorted(model.named_parameters()):
            noise = torch.randn(weight.shape, generator=generator)
            if name.endswith("norm.weight"):
                one = 1 if "Gemma" not in cls.__name__ else 8 * ("post_" in name)  # Gemma's norms add 1; layers say more than its scaled embeddings
                weight.copy_(one + 0.2 * noise)
            elif weight.ndim == 1:
                weight.copy_(0.3 * noise)
            elif "embed" in name or "lm_head" in name:
                weight.copy_(0.3 * noise)
            else:
                weight.copy_(noise * 1.2 / weight.shape[1] ** 0.5)
    return model


def stored(tensors, model):
    """Tensors under the names of the checkpoint."""
    return dict(tensors) if model.config.rope_parameters.get("rope_type") != "dynamic" else internlm2(dict(tensors), model.config)


def internlm2(tensors, config):
    """Llama's tensors as InternLM 2 has them: of each key-value head its queries, its key, its value, one below the other."""
    found = {}
    for name, tensor in tensors.items():
        if "q_proj" in name:
            h = config.hidden_size // config.num_attention_heads
            parts = [tensors[name.replace("q_proj", f"{part}_proj")].view(config.num_key_value_heads, -1, h, config.hidden_size) for part in "qkv"]
            found[name.replace("self_attn.q_proj", "attention.wqkv")] = torch.cat(parts, 1).reshape(-1, config.hidden_size)
        elif "k_proj" not in name and "v_proj" not in name:
            for ours, theirs in INTERNLM2.items():
                name = name.replace(ours, theirs)
            found[name] = tensor
    return found


def save_internlm2(model, folder):
    """transformers has no such class: config.json as InternLM publishes it."""
    folder.mkdir(parents=True)
    config = model.config
    keys = ["bos_token_id", "eos_token_id", "pad_token_id", "hidden_act", "hidden_size", "intermediate_size", "max_position_embeddings", "num_attention_heads", "num_hidden_layers", "num_key_value_heads", "rms_norm_eps", "tie_word_embeddings", "vocab_size"]
    row = {"architectures": ["InternLM2ForCausalLM"], "model_type": "internlm2", "attn_implementation": "eager", "bias": False, "rope_theta": config.rope_parameters["rope_theta"], "rope_scaling": {"type": "dynamic", "factor": 2.0}, "torch_dtype": "bfloat16"}
    (folder / "config.json").write_text(json.dumps({**row, **{key: getattr(config, key) for key in keys}}, indent=2) + "\n")
    save_file({name: tensor.contiguous() for name, tensor in stored(model.state_dict(), model).items()}, folder / "model.safetensors", metadata={"format": "pt"})


def token_logps(model, ids):
    """[B, T]: log p(ids[t] | ids[<t]); 0 at t = 0. Rows are padded on the right, which causality makes harmless."""
    logp = torch.log_softmax(model(input_ids=ids).logits[:, :-1], -1).gather(-1, ids[:, 1:, None])[..., 0]
    return torch.cat([torch.zeros(len(ids), 1), logp], 1)


def batch(vocab, pad, lengths, seed):
    """Random ids padded on the right, and random masks over the part after a prompt of a quarter."""
    generator = torch.Generator().manual_seed(seed)
    ids = torch.full((len(lengths), max(lengths)), pad)
    mask = torch.zeros(ids.shape)
    for row, length in enumerate(lengths):
        drawn = torch.randint(0, vocab - 1, (length,), generator=generator)
        ids[row, :length] = drawn + (drawn >= pad)  # never the pad id: transformers gives its embedding no gradient
        start = length // 4 + 1
        mask[row, start:length] = (torch.rand(length - start, generator=generator) < 0.6).float()
        mask[row, length - 1] = 1
    return ids, mask


def logits_and_gradients(model, vocab, pad, folder):
    lengths = [17, 9, 13, 4]
    ids, mask = batch(vocab, pad, lengths, 11)
    attention = (torch.arange(ids.shape[1])[None] < torch.tensor(lengths)[:, None]).long()
    logits = model(input_ids=ids, attention_mask=attention).logits
    positions = [[row, t] for row, length in enumerate(lengths) for t in sorted({0, 1, length // 2, length - 2, length - 1})]
    loss = -(token_logps(model, ids) * mask).sum() / mask.sum()
    model.zero_grad()
    loss.backward()
    grads = stored(((name, weight.grad.clone()) for name, weight in model.named_parameters()), model)
    save_file(grads, folder / "gradients.safetensors", metadata={"format": "pt"})
    return {
        "ids": ids.tolist(), "lengths": lengths, "mask": mask.int().tolist(), "positions": positions,
        "logits": f32(torch.stack([logits[row, t] for row, t in positions])),
        "tokenLogps": f32(token_logps(model, ids)),
        "loss": loss.item(),
        "gradientNorm": torch.stack([g.norm() for g in grads.values()]).norm().item(),
    }


def masked_dpo(model, vocab, pad):
    """Ten steps on one batch (Eq. 6): sums over unmasked tokens; losses are those before each step."""
    chosen, rejected = [14, 16, 10, 12], [15, 11, 13, 16]
    ids, mask = batch(vocab, pad, chosen + rejected, 12)
    beta = 0.1
    settings = dict(lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01)
    with torch.no_grad():
        reference = (token_logps(model, ids) * mask).sum(1)
    optimizer = torch.optim.AdamW(model.parameters(), **settings)
    losses, norms, logps = [], [], []
    for _ in range(10):
        policy = (token_logps(model, ids) * mask).sum(1)
        logratio = policy - reference
        loss = -torch.nn.functional.logsigmoid(beta * (logratio[:4] - logratio[4:])).mean()
        optimizer.zero_grad()
        loss.backward()
        norms.append(torch.stack([p.grad.norm() for p in model.parameters()]).norm().item())
        losses.append(loss.item())
        logps.append(policy.tolist())
        optimizer.step()
    final = {name: {"norm": w.norm().item(), "head": w.detach().flatten()[:4].tolist()} for name, w in stored(model.named_parameters(), model).items()}
    return {
        "pairs": 4, "ids": ids.tolist(), "lengths": chosen + rejected, "mask": mask.int().tolist(), "beta": beta, "steps": 10,
        "adamw": {"lr": settings["lr"], "beta1": 0.9, "beta2": 0.999, "eps": settings["eps"], "weightDecay": settings["weight_decay"]},
        "referenceLogps": reference.tolist(), "policyLogps": logps, "losses": losses, "gradientNorms": norms, "finalWeights": final,
    }


def inverse_frequencies(rotary):
    return rotary.full_attention_inv_freq if hasattr(rotary, "full_attention_inv_freq") else rotary.inv_freq


@torch.no_grad()
def greedy(model, tokenizer, text, limit):
    """Plain argmax, no token stops it; None when two tokens come too near each other or the text stands still."""
    prompt = tokenizer(text, add_special_tokens=False)["input_ids"]
    ids, gap = list(prompt), float("inf")
    for _ in range(NEW_TOKENS):
        logits = model(input_ids=torch.tensor([ids])).logits[0, -1]
        top = logits.topk(2).values
        gap = min(gap, (top[0] - top[1]).item())
        ids.append(logits.argmax().item())
    new = ids[len(prompt):]
    usable = gap > MIN_GAP and len(set(new)) >= 12 and max(new) < limit
    return {"prompt": prompt, "newTokens": new, "smallestGap": gap} if usable else None


def main():
    tokenizers = build()
    prompts = ["Paris is the capital", "Tell me about the city of Cairo. What is"]
    for name, (family, cls, config_cls, options) in {**ARCHITECTURES, **PUBLISHED}.items():
        if sys.argv[1:] and name not in sys.argv[1:]:
            continue
        tokenizer = tokenizers[family]
        pad = tokenizer.pad_token_id or 0
        config = config_cls(**options, bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id)
        config._attn_implementation = "eager"
        for seed in range(1, 500):
            model = make(cls, config, seed)
            if name in PUBLISHED:  # what is stored is what is computed with
                for weight in model.parameters():
                    weight.data = weight.data.bfloat16().float()
            continuations = [greedy(model, tokenizer, text, len(tokenizer)) for text in prompts]
            if all(continuations):
                break
        else:
            raise RuntimeError(f"{name}: no seed gives a decidable continuation")
        folder = GOLDEN / "models" / name
        shutil.rmtree(folder, ignore_errors=True)
        if name == "internlm2-7b":
            save_internlm2(copy.deepcopy(model).bfloat16(), folder)
        elif name in PUBLISHED:  # in bfloat16 and in shards, as they are published
            copy.deepcopy(model).bfloat16().save_pretrained(folder, max_shard_size="60KB")
        else:
            model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        vocab = len(tokenizer)
        vectors = {"versions": versions(), "seed": seed, "greedy": continuations, "inverseFrequencies": f32(inverse_frequencies(model.model.rotary_emb))}
        vectors["forward"] = logits_and_gradients(model, vocab, pad, folder)
        vectors["maskedDpo"] = masked_dpo(model, vocab, pad)
        write_json(folder / "vectors.json", vectors)
        print(name, "seed", seed, "gap", [c["smallestGap"] for c in continuations], "losses", vectors["maskedDpo"]["losses"])


if __name__ == "__main__":
    main()
