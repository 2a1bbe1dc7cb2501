"""Masked log-probabilities as transformers computes them, by the rules of the README written out once more.

    python logps.py MODEL PAIRS MASK    one JSON line per pair on stdout: {questionId, chosenLogps, rejectedLogps}
"""
import json
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

torch.set_num_threads(1)
model_dir, pairs_file, mask = sys.argv[1:]
tokenizer = AutoTokenizer.from_pretrained(model_dir)
model = AutoModelForCausalLM.from_pretrained(model_dir, dtype=torch.float32).eval()
# byte-level BPE spells a byte as itself where that is a visible character, the others from U+0100 on
plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
byte_of = {chr(byte): byte for byte in plain}
byte_of |= {chr(256 + i): byte for i, byte in enumerate(b for b in range(256) if b not in plain)}


def prompt_ids(messages):
    if tokenizer.chat_template:
        text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        return tokenizer(text, add_special_tokens=False)["input_ids"]
    # BOS where the tokenizer itself puts one before a text
    return tokenizer("\n".join(m["content"] for m in messages) + "\n")["input_ids"]


def spans(ids):
    """Character offsets of each token, from the bytes it stands for."""
    seen, out = b"", []
    for token in tokenizer.convert_ids_to_tokens(ids):
        start = len(seen.decode(errors="ignore"))
        seen += bytes(byte_of[char] for char in token) if all(char in byte_of for char in token) else token.encode()
        out.append((start, max(start, len(seen.decode(errors="ignore")))))
    return out


def visible(text, start, end):
    return next((i for i in range(start, end) if not text[i].isspace()), None)


def kept(side, name):
    """1 or 0 per completion token and for the closing one, which is always kept."""
    text, sentences = side["completion"], side["sentences"]
    starts = [visible(text, s["start"], s["end"]) for s in sentences]
    out = []
    for start, end in spans(side["ids"]):
        place = visible(text, start, end)
        place = start if place is None else place
        owner = max((i for i, s in enumerate(starts) if s is not None and s <= place), default=None)
        wrong = owner is not None and sentences[owner]["verdict"] in ("contradictory", "unverifiable")
        out.append(1.0 if owner is None or mask == "none" or wrong == (name == "rejected") else 0.0)
    return out + [1.0]


for line in open(pairs_file, encoding="utf8"):
    pair = json.loads(line)
    row = {"questionId": pair["questionId"]}
    prompt = prompt_ids(pair["prompt"])
    for name in ("chosen", "rejected"):
        side = pair[name]
        side["ids"] = side.get("tokenIds") or tokenizer(side["completion"], add_special_tokens=False)["input_ids"]
        ids = torch.tensor([prompt + side["ids"] + [tokenizer.eos_token_id]])
        with torch.no_grad():
            logps = torch.log_softmax(model(ids).logits.double(), -1)
        tokens = logps[0, len(prompt) - 1 : -1].gather(1, ids[0, len(prompt) :, None])[:, 0]
        row[f"{name}Logps"] = float((tokens * torch.tensor(kept(side, name), dtype=torch.float64)).sum())
    print(json.dumps(row))
