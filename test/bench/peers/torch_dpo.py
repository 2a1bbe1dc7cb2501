"""A plain torch + transformers loop for masked DPO, as a careful user writes it: one padded batch, one forward, fused AdamW."""
import sys
import time

import torch
import torch.nn.functional as F
from transformers import AutoModelForCausalLM

from wire import read_jsonl, receive, reply


def tensors(pairs):
    rows = [(p["prompt_ids"] + p[f"{side}_ids"], p["prompt_mask"] + p[f"{side}_mask"]) for side in ("chosen", "rejected") for p in pairs]
    width = max(len(ids) for ids, _ in rows)
    pad = lambda row: row + [0] * (width - len(row))
    ids = torch.tensor([pad(ids) for ids, _ in rows])
    attention = torch.tensor([pad([1] * len(ids)) for ids, _ in rows])
    mask = torch.tensor([pad(mask) for _, mask in rows], dtype=torch.float32)
    return ids, attention, mask


def sequence_logps(model, ids, attention, mask):
    logits = model(input_ids=ids, attention_mask=attention, use_cache=False).logits[:, :-1]
    token = -F.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten(), reduction="none").view_as(ids[:, 1:])
    return (token * mask[:, 1:]).sum(1)


def main():
    setup = receive()
    torch.set_num_threads(setup["threads"])
    model = AutoModelForCausalLM.from_pretrained(setup["model"], dtype=torch.float32)
    pairs = read_jsonl(setup["pairs"])
    size = setup["batch"]
    batches = [pairs[i : i + size] for i in range(0, len(pairs), size)]
    optimizer = torch.optim.AdamW(model.parameters(), lr=setup["lr"], betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, fused=True)
    model.train()
    reply(ready=True)
    for batch in batches:
        request = receive()
        if request is None:
            return
        for group in optimizer.param_groups:
            group["lr"] = request["lr"]
        started = time.perf_counter()
        chosen, rejected = sequence_logps(model, *tensors(batch)).chunk(2)
        ref_chosen = torch.tensor([p["ref_chosen_logps"] for p in batch])
        ref_rejected = torch.tensor([p["ref_rejected_logps"] for p in batch])
        loss = -F.logsigmoid(setup["beta"] * ((chosen - ref_chosen) - (rejected - ref_rejected))).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        reply(seconds=time.perf_counter() - started, loss=loss.item())


sys.exit(main())
