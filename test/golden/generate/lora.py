"""Adapters on two golden checkpoints, computed in plain torch as PEFT defines them: logits, gradients, ten masked-DPO losses, merged weights.

Run after models.py: python test/golden/generate/lora.py [NAME ...]
"""

import json
import shutil
import sys

import torch
from common import GOLDEN, f32, versions, write_json
from models import batch, token_logps
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

ALL = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
CASES = {
    "llama-gqa-llama3": dict(r=4, lora_alpha=6, target_modules=ALL, use_rslora=True),
    "qwen2-gqa-tied": dict(r=3, lora_alpha=6, target_modules=["q_proj", "v_proj"], use_rslora=False),
    "llama-biases-linear": dict(r=2, lora_alpha=5, target_modules=["k_proj", "down_proj"], use_rslora=False),
    "qwen3-0.6b": dict(r=2, lora_alpha=4, target_modules=["q_proj", "k_proj"], use_rslora=False),
    "gemma2-27b": dict(r=2, lora_alpha=4, target_modules=["k_proj", "o_proj", "gate_proj"], use_rslora=False),
    "phi-3-mini": dict(r=2, lora_alpha=4, target_modules=["o_proj", "qkv_proj", "gate_up_proj"], use_rslora=False),
}
# What PEFT writes beside them (0.17), with values that change nothing.
REST = dict(
    peft_type="LORA", task_type="CAUSAL_LM", base_model_name_or_path="base", revision=None, inference_mode=True, auto_mapping=None, bias="none", fan_in_fan_out=False, init_lora_weights=True,
    lora_dropout=0.05, layers_to_transform=None, layers_pattern=None, rank_pattern={}, alpha_pattern={}, exclude_modules=None, modules_to_save=None, use_dora=False, use_qalora=False, qalora_group_size=16,
    lora_bias=False, loftq_config={}, eva_config=None, corda_config=None, megatron_config=None, megatron_core="megatron.core", target_parameters=None, trainable_token_indices=None, layer_replication=None,
)


class Adapted(torch.nn.Module):
    def __init__(self, base, r, scale, generator):
        super().__init__()
        self.base, self.scale = base, scale
        out, size = base.weight.shape
        self.A = torch.nn.Parameter(torch.randn(r, size, generator=generator) / size**0.5)
        self.B = torch.nn.Parameter(0.2 * torch.randn(out, r, generator=generator))

    def forward(self, x):
        return self.base(x) + self.scale * (x @ self.A.T) @ self.B.T


def adapt(model, options):
    """Replaces the projections in place. Returns them by name."""
    generator = torch.Generator().manual_seed(5)
    scale = options["lora_alpha"] / (options["r"] ** 0.5 if options["use_rslora"] else options["r"])
    for weight in model.parameters():
        weight.requires_grad_(False)
    found = {name: module for name, module in model.named_modules() if name.split(".")[-1] in options["target_modules"]}
    adapted = {}
    for name, module in found.items():
        parent, _, child = name.rpartition(".")
        adapted[name] = Adapted(module, options["r"], scale, generator)
        setattr(model.get_submodule(parent), child, adapted[name])
    return adapted


def named(adapted, of):
    return {f"base_model.model.{name}.lora_{part}.weight": of(getattr(module, part)).clone().contiguous() for name, module in adapted.items() for part in "AB"}


def forward(model, adapted, vocab, pad, folder):
    lengths = [17, 9, 13, 4]
    ids, mask = batch(vocab, pad, lengths, 21)
    loss = -(token_logps(model, ids) * mask).sum() / mask.sum()
    loss.backward()
    save_file(named(adapted, lambda p: p.grad), folder / "gradients.safetensors")
    positions = [[row, length - 1] for row, length in enumerate(lengths)]
    logits = model(input_ids=ids).logits
    return {"ids": ids.tolist(), "mask": mask.int().tolist(), "positions": positions, "logits": f32(torch.stack([logits[row, t] for row, t in positions])), "loss": loss.item()}


def masked_dpo(model, base, adapted, vocab, pad):
    """Ten steps of A and B on one batch, B from zero; the reference is the model without them."""
    lengths = [14, 16, 10, 12, 15, 11, 13, 16]
    ids, mask = batch(vocab, pad, lengths, 22)
    with torch.no_grad():
        reference = (token_logps(base, ids) * mask).sum(1)
        for module in adapted.values():
            module.B.zero_()
    parameters = [p for module in adapted.values() for p in (module.A, module.B)]
    optimizer = torch.optim.AdamW(parameters, lr=1e-2, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0)
    losses = []
    for _ in range(10):
        logratio = (token_logps(model, ids) * mask).sum(1) - reference
        loss = -torch.nn.functional.logsigmoid(0.1 * (logratio[:4] - logratio[4:])).mean()
        optimizer.zero_grad()
        loss.backward()
        losses.append(loss.item())
        optimizer.step()
    return {"ids": ids.tolist(), "mask": mask.int().tolist(), "beta": 0.1, "lr": 1e-2, "referenceLogps": reference.tolist(), "losses": losses}


def main():
    for name, options in CASES.items():
        if sys.argv[1:] and name not in sys.argv[1:]:
            continue
        source, folder = GOLDEN / "models" / name, GOLDEN / "lora" / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        model, base = (AutoModelForCausalLM.from_pretrained(source, attn_implementation="eager", dtype=torch.float32).eval() for _ in range(2))
        vocab, pad = model.config.vocab_size, model.config.pad_token_id or 0
        adapted = adapt(model, options)
        save_file(named(adapted, lambda p: p.detach()), folder / "adapter_model.safetensors", metadata={"format": "pt"})
        (folder / "adapter_config.json").write_text(json.dumps(dict(sorted({**REST, **options}.items())), indent=2) + "\n")
        merged = {f"{key}.weight": f32((m.base.weight + m.scale * (m.B @ m.A)).flatten()[:16]) for key, m in adapted.items()}
        vectors = {"versions": versions(), "forward": forward(model, adapted, vocab, pad, folder), "merged": merged}
        vectors["maskedDpo"] = masked_dpo(model, base, adapted, vocab, pad)
        write_json(folder / "vectors.json", vectors)
        print(name, vectors["maskedDpo"]["losses"])


if __name__ == "__main__":
    main()
