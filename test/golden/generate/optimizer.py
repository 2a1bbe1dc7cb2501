"""AdamW trajectories by torch.optim.AdamW on given gradients, gradient clipping, and the cosine schedule.

Run as: python test/golden/generate/optimizer.py
"""

import torch
from common import GOLDEN, f32, versions, write_json
from transformers import get_cosine_schedule_with_warmup

STEPS = 20
SHAPES = {"matrix": (4, 3), "bias": (5,), "block": (2, 2, 2)}
CASES = {
    "plain": dict(lr=1e-2, weight_decay=0.0),
    "decay": dict(lr=1e-2, weight_decay=0.1),
    "clipped": dict(lr=1e-2, weight_decay=0.1, max_norm=1.0),
    "scheduled": dict(lr=1e-2, weight_decay=0.01, max_norm=1.0, warmup=4),
    "otherBetas": dict(lr=3e-3, weight_decay=0.05, betas=(0.8, 0.95), eps=1e-6),
}


def trajectory(initial, gradients, lr, weight_decay, max_norm=None, warmup=None, betas=(0.9, 0.999), eps=1e-8):
    params = {name: torch.nn.Parameter(value.clone()) for name, value in initial.items()}
    optimizer = torch.optim.AdamW(params.values(), lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)
    schedule = None if warmup is None else get_cosine_schedule_with_warmup(optimizer, warmup, STEPS)
    rates, norms, states = [], [], []
    for step in range(STEPS):
        for name, param in params.items():
            param.grad = gradients[step][name].clone()
        norm = torch.nn.utils.clip_grad_norm_(params.values(), float("inf") if max_norm is None else max_norm)
        norms.append(norm.item())
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if schedule:
            schedule.step()
        states.append({name: f32(param) for name, param in params.items()})
    settings = {"lr": lr, "beta1": betas[0], "beta2": betas[1], "eps": eps, "weightDecay": weight_decay, "maxNorm": max_norm, "warmup": warmup}
    return {"settings": settings, "rates": rates, "gradientNorms": norms, "params": states}


def main():
    generator = torch.Generator().manual_seed(3)
    initial = {name: torch.randn(shape, generator=generator) for name, shape in SHAPES.items()}
    # Sizes over six orders of magnitude, some entries exactly zero: where eps and the decay show.
    gradients = []
    for step in range(STEPS):
        scale = 10.0 ** ((step % 7) - 4)
        grads = {name: torch.randn(shape, generator=generator) * scale for name, shape in SHAPES.items()}
        grads["bias"][0] = 0
        gradients.append(grads)
    schedules = {}
    for warmup, total in ((0, 10), (3, 10), (10, 100), (1, 1)):
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
        schedule = get_cosine_schedule_with_warmup(optimizer, warmup, total)
        factors = []
        for _ in range(total):
            factors.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            schedule.step()
        schedules[f"{warmup}/{total}"] = {"warmup": warmup, "total": total, "factors": factors}
    write_json(
        GOLDEN / "optimizer.json",
        {
            "versions": versions(),
            "initial": {name: f32(value) for name, value in initial.items()},
            "gradients": [{name: f32(value) for name, value in grads.items()} for grads in gradients],
            "cases": {name: trajectory(initial, gradients, **options) for name, options in CASES.items()},
            "cosine": schedules,
        },
    )


if __name__ == "__main__":
    main()
