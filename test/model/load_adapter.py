"""Adapters of ours in PEFT, and PEFT's for us. Prints, as one JSON line for each case, logits at its positions.

Arguments: JSON of a case, JSON, …: {"base", "ours": adapter to load, "merged": folder for its merged weights,
"theirs": folder for an adapter that PEFT makes with the "options" of LoraConfig, "ids": [[…]], "positions": [[row, t], …]}
"""

import json
import os
import sys

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, logging

logging.set_verbosity_error()
logging.disable_progress_bar()
torch.set_num_threads(1)


def logits(model, case):
    with torch.no_grad():
        rows = model.eval()(input_ids=torch.tensor(case["ids"])).logits
    return [rows[row, t].tolist() for row, t in case["positions"]]


for case in map(json.loads, sys.argv[1:]):
    ours = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(case["base"]), case["ours"])
    result = {"ours": logits(ours, case), "oursLoaded": sum("lora_" in name for name, _ in ours.named_parameters())}
    ours.merge_and_unload().save_pretrained(case["merged"])

    theirs = get_peft_model(AutoModelForCausalLM.from_pretrained(case["base"]), LoraConfig(task_type="CAUSAL_LM", lora_dropout=0.05, **case["options"]))
    generator = torch.Generator().manual_seed(7)
    for name, weight in theirs.named_parameters():
        if "lora_B" in name:  # zero in a fresh adapter
            weight.data = 0.2 * torch.randn(weight.shape, generator=generator)
    theirs.save_pretrained(case["theirs"])
    print(json.dumps({**result, "theirs": logits(theirs, case)}))
