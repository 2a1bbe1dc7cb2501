"""Which modules PEFT adapts for values of target_modules: peftTargets.json. Run after models.py, with peft installed."""

import peft
import torch
from common import GOLDEN, write_json
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

TARGETS = [
    "all-linear", "ALL-Linear", r".*\.(k_proj|o_proj)", r"model\.layers\.[02]\.self_attn\.q_proj", r".*layers\.(?P<i>\d+)\.mlp\.(?:gate|up)_proj",
    r"(?i).*\.V_PROJ", r"\A.*self_attn.*_proj\Z", "q_proj", r".*(?<!down)_proj", r"model\.layers\.1\..+_proj",
    ["q_proj", "v_proj"], ["self_attn.k_proj", "mlp.down_proj"], ["model.layers.1.mlp.up_proj"], ["layers.0.self_attn.o_proj", "gate_proj"], ["proj"], ["q_proj", "no_such"], ["attn.q_proj"],
    ["model.layers.0.self_attn.q_proj", "1.self_attn.q_proj"], ["_proj"],
]


def adapted(name, targets):
    model = AutoModelForCausalLM.from_pretrained(GOLDEN / "models" / name)
    try:
        got = get_peft_model(model, LoraConfig(r=2, target_modules=targets, task_type="CAUSAL_LM"))
    except ValueError:
        return None
    return sorted(key.removeprefix("base_model.model.").split(".lora_A")[0] for key, _ in got.named_parameters() if ".lora_A." in key)


cases = {name: [{"targets": targets, "modules": adapted(name, targets)} for targets in TARGETS] for name in ("llama-gqa-llama3", "qwen2-gqa-tied")}
write_json(GOLDEN / "peftTargets.json", {"versions": {"peft": peft.__version__, "torch": torch.__version__.split("+")[0]}, **cases})
