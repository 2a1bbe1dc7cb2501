"""Mask-DPO, or another objective, on token ids and loss masks that mask-dpo-lab made, in as many processes as it is
launched with.

    accelerate launch --config_file fsdp.yaml train.py --model MODEL --out FOLDER

Loss of Mask-DPO (Eq. 5-6): -log sigmoid(beta * (M_w - M_l)), where M sums log pi - log reference over the unmasked
tokens of a side; of others: objectives.py. What decides it is in this folder: recipe.json (objective, AdamW, clipping),
tokens.jsonl (ids, and masks or weights), steps.jsonl (the pairs and the learning rate of every step). The reference is
MODEL itself, before the first step. The loss does not depend on the number of processes. train_trl.py does the same
with TRL's DPOTrainer, its flags and its logging.
"""
import argparse
import hashlib
import json
import math
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import torch
import torch.nn.functional as F
from accelerate import Accelerator
from objectives import OBJECTIVES
from torch.distributed.tensor import DTensor
from transformers import AutoModelForCausalLM

HERE = Path(__file__).parent
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja", "generation_config.json")


def read_rows(name):
    with open(HERE / name, encoding="utf8") as file:
        return [json.loads(line) for line in file]


def pad(rows, device):
    width = max(map(len, rows))
    return torch.tensor([row + [0] * (width - len(row)) for row in rows], device=device)


def pair_logps(model, pairs, device):
    """Masked sums of log-probabilities of both sides, [B, 2]."""
    sides = [pair["chosen"] for pair in pairs] + [pair["rejected"] for pair in pairs]
    ids, mask, attention = (pad(rows, device) for rows in zip(*((side["ids"], side["mask"], [1] * len(side["ids"])) for side in sides)))  # [2B, T]
    at = mask[:, 1:].any(0).nonzero()[:, 0]  # [K] logits only where the next token of some side counts
    logits = model(input_ids=ids, attention_mask=attention, logits_to_keep=at, use_cache=False).logits.float()  # [2B, K, V]
    logps = -F.cross_entropy(logits.flatten(0, 1), ids[:, at + 1].flatten(), reduction="none").view(len(sides), -1)
    return (logps * mask[:, at + 1]).sum(1).view(2, -1).T


def sides(pairs, logps, reference):
    """What objectives take: chosen and rejected, of log-probabilities [B, 2]."""
    def side(i, name):
        counted = [sum(weight > 0 for weight in pair[name]["mask"]) for pair in pairs]
        labels = [pair[name].get("label", 0) for pair in pairs]
        p, r = logps[:, i], reference[:, i]
        return SimpleNamespace(p=p, d=p - r, n=logps.new_tensor(counted), label=logps.new_tensor(labels))

    return side(0, "chosen"), side(1, "rejected")


def microbatches(members, size, accelerator):
    """This process's share as lists of (pair, weight). Every process gets as many; what is missing has weight 0."""
    share = math.ceil(len(members) / accelerator.num_processes)
    filled = [(i, 1.0) for i in members] + [(members[0], 0.0)] * (share * accelerator.num_processes - len(members))
    mine = filled[accelerator.process_index * share : (accelerator.process_index + 1) * share]
    return [mine[i : i + size] for i in range(0, share, size)]


@torch.no_grad()
def reference_logps(model, pairs, size, accelerator):
    """Those of all pairs before the first step, [N, 2]."""
    table = torch.zeros(len(pairs), 2, device=accelerator.device)
    for batch in microbatches(range(len(pairs)), size, accelerator):
        logps = pair_logps(model, [pairs[i] for i, _ in batch], accelerator.device)
        for (i, weight), row in zip(batch, logps):
            table[i] += weight * row
    return accelerator.reduce(table, "sum")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True, help="Hugging Face folder to train; it needs the tokenizer the ids came from")
    parser.add_argument("--out", required=True, type=Path, help="Hugging Face folder to leave, with log.jsonl and reference.jsonl")
    parser.add_argument("--microbatch", type=int, help="pairs per forward pass and process (default: the recipe's); the loss does not depend on it")
    args = parser.parse_args()
    recipe, pairs, steps = json.loads((HERE / "recipe.json").read_text(encoding="utf8")), read_rows("tokens.jsonl"), read_rows("steps.jsonl")
    size, objective = args.microbatch or recipe["microbatch"], OBJECTIVES[recipe["objective"]]
    if hashlib.sha256((Path(args.model) / "tokenizer.json").read_bytes()).hexdigest() != recipe["tokenizer"]:
        raise SystemExit(f"{args.model}: expected the tokenizer.json that the ids came from, got another. Export again with this model.")

    accelerator = Accelerator(cpu=not torch.accelerator.is_available())
    if accelerator.num_processes != int(os.environ.get("WORLD_SIZE", 1)):
        raise SystemExit(f"expected {os.environ['WORLD_SIZE']} processes that work together, got {accelerator.num_processes}: accelerate did not join them on this device.")
    accelerator.print(f"{accelerator.num_processes} processes, {accelerator.distributed_type}, {accelerator.device.type}, {accelerator.mixed_precision}: {len(pairs)} pairs, {len(steps)} steps", flush=True)
    model = AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.float32, attention_dropout=0.0)
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=steps[0]["lr"], betas=recipe["betas"], eps=recipe["eps"], weight_decay=recipe["weightDecay"])
    model, optimizer = accelerator.prepare(model, optimizer)
    reference = reference_logps(model, pairs, size, accelerator)
    if accelerator.is_main_process:
        args.out.mkdir(parents=True, exist_ok=True)
        with open(args.out / "reference.jsonl", "w", encoding="utf8") as file:
            for pair, (chosen, rejected) in zip(pairs, reference.tolist()):
                file.write(json.dumps({"questionId": pair["questionId"], "chosenLogps": chosen, "rejectedLogps": rejected}) + "\n")
        log = open(args.out / "log.jsonl", "w", encoding="utf8", buffering=1)

    for step in steps:
        for group in optimizer.param_groups:
            group["lr"] = step["lr"]
        count = len(step["pairs"])
        totals = torch.zeros(4, device=accelerator.device)
        for batch in microbatches(step["pairs"], size, accelerator):
            members = [i for i, _ in batch]
            weights = torch.tensor([weight for _, weight in batch], device=accelerator.device)
            rows = [pairs[i] for i in members]
            logps = pair_logps(model, rows, accelerator.device)
            losses, chosen, rejected = objective(*sides(rows, logps, reference[members]), recipe["options"])
            accelerator.backward((weights * losses).sum() * accelerator.num_processes / count)  # gradients are averaged over processes
            totals += (torch.stack([losses, chosen, rejected, (chosen > rejected).float()]).detach() * weights).sum(1)
        norm = accelerator.clip_grad_norm_(model.parameters(), recipe["clip"])
        norm = float(norm.full_tensor() if isinstance(norm, DTensor) else norm)
        loss, chosen, rejected, accuracy = (accelerator.reduce(totals, "sum") / count).tolist()
        if not math.isfinite(loss) or not math.isfinite(norm):
            raise SystemExit(f"step {step['step']}: expected a finite loss and gradient, got {loss} and {norm}. Lower the learning rate and export again.")
        optimizer.step()
        optimizer.zero_grad()
        if accelerator.is_main_process:
            row = {"step": step["step"], "loss": loss, "chosenReward": chosen, "rejectedReward": rejected, "accuracy": accuracy, "margin": chosen - rejected, "gradNorm": norm, "lr": step["lr"]}
            log.write(json.dumps(row) + "\n")
            print(f"step {step['step']}/{len(steps)}: loss {loss:.4f}, margin {chosen - rejected:.4f}, accuracy {accuracy:.2f}", flush=True)

    weights = accelerator.get_state_dict(model)
    if accelerator.is_main_process:
        accelerator.unwrap_model(model).save_pretrained(args.out, state_dict=weights)
        for name in TOKENIZER_FILES:
            if (Path(args.model) / name).exists():
                shutil.copy(Path(args.model) / name, args.out / name)
    accelerator.end_training()


if __name__ == "__main__":
    main()
