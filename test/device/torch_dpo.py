"""Masked DPO on a Llama in plain torch: given weights, pairs, order and rates, on the GPU where torch has one."""
import json
import sys
import time

import torch
import torch.nn.functional as F


def load(setup, device):
    flat = torch.from_file(setup["weights"], size=sum(torch.Size(t["shape"]).numel() for t in setup["tensors"]))
    weights, start = {}, 0
    for tensor in setup["tensors"]:
        size = torch.Size(tensor["shape"]).numel()
        part = flat[start : start + size].view(tensor["shape"]).to(device, copy=True)
        weights[tensor["name"]] = part.requires_grad_()
        start += size
    return weights


def rotated(x, cos, sin):
    half = x.shape[-1] // 2
    return x * cos + torch.cat((-x[..., half:], x[..., :half]), -1) * sin


def logits(weights, config, ids):
    """ids [B, T], padded behind -> [B, T, V]; the head is tied to the embedding."""
    size, heads, kv = config["headDim"], config["heads"], config["kvHeads"]
    norm = lambda x, name: F.rms_norm(x, (x.shape[-1],), weights[f"{name}.weight"], config["rmsEps"])
    by_head = lambda x: x.unflatten(-1, (-1, size)).transpose(1, 2)
    frequencies = config["ropeTheta"] ** (-torch.arange(0, size, 2, device=ids.device) / size)
    angles = torch.arange(ids.shape[1], device=ids.device)[:, None] * frequencies
    cos, sin = (torch.cat((f(angles), f(angles)), -1) for f in (torch.cos, torch.sin))
    x = weights["model.embed_tokens.weight"][ids]
    for i in range(config["layers"]):
        at = f"model.layers.{i}"
        linear = lambda x, name: F.linear(x, weights[f"{at}.{name}_proj.weight"])
        h = norm(x, f"{at}.input_layernorm")
        q, k, v = (by_head(linear(h, f"self_attn.{part}")) for part in "qkv")
        k, v = (part.repeat_interleave(heads // kv, 1) for part in (rotated(k, cos, sin), v))
        attended = F.scaled_dot_product_attention(rotated(q, cos, sin), k, v, is_causal=True)
        x = x + linear(attended.transpose(1, 2).flatten(2), "self_attn.o")
        h = norm(x, f"{at}.post_attention_layernorm")
        x = x + linear(F.silu(linear(h, "mlp.gate")) * linear(h, "mlp.up"), "mlp.down")
    return F.linear(norm(x, "model.norm"), weights["model.embed_tokens.weight"])


def sequence_logps(weights, config, sides, device):
    width = max(len(side["ids"]) for side in sides)
    padded = lambda key, kind: torch.tensor([s[key] + [0] * (width - len(s[key])) for s in sides], dtype=kind, device=device)
    ids, mask = padded("ids", torch.long), padded("mask", torch.float32)
    scores = logits(weights, config, ids)[:, :-1]
    token = -F.cross_entropy(scores.flatten(0, 1), ids[:, 1:].flatten(), reduction="none").view_as(ids[:, 1:])
    return (token * mask[:, 1:]).sum(1)


def main():
    setup = json.load(open(sys.argv[1], encoding="utf8"))
    device = "cuda" if torch.cuda.is_available() else "cpu"
    config = setup["config"]
    weights = load(setup, device)
    parameters = list(weights.values())
    optimizer = torch.optim.AdamW(parameters, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, fused=True)
    seconds, losses = [], []
    for step in setup["steps"]:
        started = time.perf_counter()
        batch = [setup["pairs"][i] for i in step["members"]]
        sides = [pair[side] for side in ("chosen", "rejected") for pair in batch]
        chosen, rejected = sequence_logps(weights, config, sides, device).chunk(2)
        reference = torch.tensor([pair["reference"] for pair in batch], device=device)
        margin = (chosen - reference[:, 0]) - (rejected - reference[:, 1])
        loss = -F.logsigmoid(config["beta"] * margin).mean()
        optimizer.param_groups[0]["lr"] = step["lr"]
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, config["clip"])
        optimizer.step()
        losses.append(loss.item())
        if device == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - started)
    name = torch.cuda.get_device_name() if device == "cuda" else "CPU"
    print(json.dumps({"version": torch.__version__, "device": name, "seconds": seconds, "losses": losses}))


main()
