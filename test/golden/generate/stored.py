"""Checkpoints whose files and config.json disagree about the tied head, as transformers loads them: stored.json.

`ownHead`: the file also holds a head, the embedding's rows in reverse; `onlyHead`: it holds the head alone.
Run as: python test/golden/generate/stored.py, after models.py
"""

import shutil
import tempfile
from pathlib import Path

import torch
from common import GOLDEN, f32, versions, write_json
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

IDS = [[5, 17, 200, 3, 77, 310, 42, 9]]


def own_head(tensors):
    tensors["lm_head.weight"] = tensors["model.embed_tokens.weight"].flip(0).contiguous()


def only_head(tensors):
    tensors["lm_head.weight"] = tensors.pop("model.embed_tokens.weight")


def logits(name, change):
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / name
        shutil.copytree(GOLDEN / "models" / name, copy)
        tensors = load_file(copy / "model.safetensors")
        change(tensors)
        save_file(tensors, copy / "model.safetensors", metadata={"format": "pt"})
        model = AutoModelForCausalLM.from_pretrained(copy, dtype=torch.float32)
        with torch.no_grad():
            return f32(model(torch.tensor(IDS)).logits[0, -1])


cases = {name: {"ownHead": logits(name, own_head), "onlyHead": logits(name, only_head)} for name in ("llama-tied-mha", "qwen2-gqa-tied")}
write_json(GOLDEN / "stored.json", {"versions": versions(), "ids": IDS, **cases})
