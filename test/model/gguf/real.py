"""What transformers makes of a GGUF file itself, and of the folder that was imported from it, as one JSON line.

Arguments: GGUF file, folder, JSON of {"texts": […], "chats": [messages, …], "newTokens": n}
"""

import json
import os
import sys

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, logging

logging.set_verbosity_error()
logging.disable_progress_bar()

file, folder, query = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
where, name = os.path.split(file)
of_file = AutoTokenizer.from_pretrained(where, gguf_file=name)
tokenizer = AutoTokenizer.from_pretrained(folder)
model = AutoModelForCausalLM.from_pretrained(where, gguf_file=name, dtype=torch.float32).eval()
prompts = [tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_dict=False) for chat in query["chats"]]


def greedy(prompt):
    """Plain argmax; the end token is left out."""
    ids, past, new = torch.tensor([prompt]), None, []
    while len(new) < query["newTokens"]:
        out = model(input_ids=ids, past_key_values=past, use_cache=True)
        past, best = out.past_key_values, out.logits[0, -1].argmax().item()
        if best == tokenizer.eos_token_id:
            break
        new.append(best)
        ids = torch.tensor([[best]])
    return new


with torch.no_grad():
    print(
        json.dumps(
            {
                "fileIds": [of_file(text, add_special_tokens=False)["input_ids"] for text in query["texts"]],
                "folderIds": [tokenizer(text, add_special_tokens=False)["input_ids"] for text in query["texts"]],
                "prompts": prompts,
                "greedy": [greedy(prompt) for prompt in prompts],
                "logits": model(input_ids=torch.tensor([prompts[0]])).logits[0, -1].tolist(),
            }
        )
    )
