"""Loads checkpoint folders with transformers and prints, as one JSON line each, what it made of them.

Arguments: folder, JSON of {"ids": [[…]], "positions": [[row, t], …]}, folder, JSON, …
"""

import json
import os
import sys

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
import transformers
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig, PreTrainedTokenizerFast, logging

logging.set_verbosity_error()
logging.disable_progress_bar()
torch.set_num_threads(1)

# The goldens' tokenizers name the class of transformers 5, which transformers 4 does not know by that name.
Tokenizer = AutoTokenizer if int(transformers.__version__.split(".")[0]) >= 5 else PreTrainedTokenizerFast
TEXT = "Paris is the capital of France. Caf\u00e9 \u6771\u4eac \U0001f600\n"
for folder, query in zip(sys.argv[1::2], sys.argv[2::2]):
    query = json.loads(query)
    model, info = AutoModelForCausalLM.from_pretrained(folder, output_loading_info=True)
    tokenizer = Tokenizer.from_pretrained(folder)
    with torch.no_grad():
        logits = model(input_ids=torch.tensor(query["ids"])).logits
    print(
        json.dumps(
            {
                "architecture": type(model).__name__,
                "missing": sorted(info["missing_keys"]),
                "unexpected": sorted(info["unexpected_keys"]),
                "dtype": str(model.dtype),
                "logits": [logits[row, t].tolist() for row, t in query["positions"]],
                "text": TEXT,
                "ids": tokenizer(TEXT, add_special_tokens=False)["input_ids"],
                "eos": tokenizer.eos_token_id,
                "generationEos": GenerationConfig.from_pretrained(folder).eos_token_id,
            }
        )
    )
