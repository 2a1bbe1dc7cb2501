"""Losses of every objective and their gradients by token, in float64 by torch's autograd, on seeded log-probabilities.

Formulas are written here token by token, as their papers have them; `test/align/objective/objectives.test.ts` compares.

Run as: python test/golden/generate/objectives.py
"""

import torch
import torch.nn.functional as F
from common import GOLDEN, versions, write_json

torch.manual_seed(12)
LENGTHS = [(5, 3), (2, 6), (1, 4)]


def side(length):
    logps = -3 * torch.rand(length, dtype=torch.float64)
    return {"logps": logps, "reference": logps + 0.4 * torch.randn(length, dtype=torch.float64), "weights": 0.5 + torch.rand(length, dtype=torch.float64)}


def mask(length):
    kept = (torch.rand(length) < 0.6).double()
    kept[-1] = 1  # the closing token
    return kept


PAIRS = [{"chosen": side(c), "rejected": side(r)} for c, r in LENGTHS]
MASKS = [{"chosen": mask(c), "rejected": mask(r)} for c, r in LENGTHS]


def totals(logps, reference, weights):
    """Policy sum, log-ratio sum, and number of tokens that count."""
    return (weights * logps).sum(), (weights * (logps - reference)).sum(), (weights > 0).sum()


def dpo(chosen, rejected, beta):
    (_, d_w, _), (_, d_l, _) = chosen, rejected
    return -F.logsigmoid(beta * (d_w - d_l))


def ipo(chosen, rejected, tau):
    (_, d_w, n_w), (_, d_l, n_l) = chosen, rejected
    return (d_w / n_w - d_l / n_l - 1 / (2 * tau)) ** 2


def simpo(chosen, rejected, beta, gammaRatio):
    (p_w, _, n_w), (p_l, _, n_l) = chosen, rejected
    return -F.logsigmoid(beta * (p_w / n_w - p_l / n_l - gammaRatio))


CASES = [
    (dpo, {"beta": 0.1}),
    (dpo, {"beta": 1.5}),
    (ipo, {"tau": 0.1}),
    (ipo, {"tau": 0.7}),
    (simpo, {"beta": 2, "gammaRatio": 0.25}),
    (simpo, {"beta": 10, "gammaRatio": 0}),
]


def weights_of(weighting, pair, kept):
    return {"unmasked": torch.ones_like(kept), "masked": kept, "weighted": kept * pair["weights"]}[weighting]


def main():
    results = []
    for objective, options in CASES:
        for weighting in ("unmasked", "masked", "weighted"):
            losses, gradients = [], []
            for pair, kept in zip(PAIRS, MASKS):
                logps = {name: pair[name]["logps"].clone().requires_grad_() for name in pair}
                sums = [totals(logps[name], pair[name]["reference"], weights_of(weighting, pair[name], kept[name])) for name in ("chosen", "rejected")]
                loss = objective(*sums, **options)
                loss.backward()
                losses.append(loss.item())
                gradients.append({name: logps[name].grad.tolist() for name in logps})
            results.append({"objective": objective.__name__, "options": options, "weighting": weighting, "losses": losses, "gradients": gradients})
    plain = [{name: {key: value.tolist() for key, value in values.items()} for name, values in pair.items()} for pair in PAIRS]
    masks = [{name: kept.tolist() for name, kept in pair.items()} for pair in MASKS]
    write_json(GOLDEN / "objectives.json", {"versions": versions(), "pairs": plain, "masks": masks, "results": results})


if __name__ == "__main__":
    main()
