"""Objectives of the hand-off on the golden pairs: rows {objective, options, weighting, losses, gradients} as
golden/objectives.json has them.

Run as: python objectives.py OBJECTIVES_PY GOLDEN_JSON
"""

import importlib.util
import json
import sys
from types import SimpleNamespace

import torch

spec = importlib.util.spec_from_file_location("objectives", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
golden = json.load(open(sys.argv[2]))


def side(given, mask, weighting, logps):
    m = torch.tensor(mask, dtype=torch.float64)
    w = {
        "unmasked": torch.ones_like(m),
        "masked": m,
        "weighted": m * torch.tensor(given["weights"], dtype=torch.float64),
    }[weighting]
    r = torch.tensor(given["reference"], dtype=torch.float64)
    return SimpleNamespace(
        p=(w * logps).sum()[None],
        d=(w * (logps - r)).sum()[None],
        n=(w > 0).sum()[None],
        label=torch.tensor([float(given["label"])]),
    )


rows = []
for result in golden["results"]:
    name = result["objective"]
    options = {"lambdaDesirable": 1, "lambdaUndesirable": 1} | golden["zero"] | result["options"]
    if name not in module.OBJECTIVES or name == "ld-dpo" or (name == "tis-dpo" and options["alpha"] > 0):
        continue  # not carried; DPO under weights that are not here; not carried
    losses, gradients = [], []
    for pair, mask in zip(golden["pairs"], golden["masks"]):
        logps = {
            key: torch.tensor(pair[key]["logps"], dtype=torch.float64, requires_grad=True)
            for key in ("chosen", "rejected")
        }
        loss = module.OBJECTIVES[name](
            *(side(pair[key], mask[key], result["weighting"], logps[key]) for key in logps), options
        )[0].sum()
        loss.backward()
        losses.append(loss.item())
        gradients.append(
            {
                key: (torch.zeros_like(value) if value.grad is None else value.grad).tolist()
                for key, value in logps.items()
            }
        )
    rows.append(
        {
            "objective": name,
            "options": result["options"],
            "weighting": result["weighting"],
            "losses": losses,
            "gradients": gradients,
        }
    )
print(json.dumps(rows))
