"""Losses of every objective and their gradients by token, in float64 by torch's autograd, on seeded log-probabilities.

Formulas are written here token by token, as their papers or their published code have them, with what that code calls
things; `test/align/objective/objectives.test.ts` compares. A `Side` has log-probabilities l, those of the reference r, the
mask m (1 where a token counts) and constant weights w, and sums of them: p of w l, d of w (l - r), n of m.

Run as: python test/golden/generate/objectives.py
"""

from types import SimpleNamespace

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


def extras(length, sentences):
    """What only some objectives look at; divergences are constants here."""
    return {"kl": 0.3 * torch.rand(length, dtype=torch.float64), "logSumSquares": -2 * torch.rand(length, dtype=torch.float64), "sentences": sentences}


def sentence(start, end, label):
    return {"start": start, "end": end, "label": label}


PAIRS = [{"chosen": side(c), "rejected": side(r)} for c, r in LENGTHS]
MASKS = [{"chosen": mask(c), "rejected": mask(r)} for c, r in LENGTHS]
# of the last pair no sentence has a label; label 1 of a chosen side with 0 of its rejected one is turned round by F-DPO
SENTENCES = [
    ([sentence(0, 2, 0), sentence(2, 4, 1)], [sentence(0, 2, 1)]),
    ([sentence(0, 1, 0)], [sentence(1, 3, 0), sentence(3, 5, 1)]),
    ([], []),
]
LABELS = [(0, 1), (1, 0), (1, 1)]
for pair, (c, r), (chosen, rejected), labels in zip(PAIRS, LENGTHS, SENTENCES, LABELS):
    pair["chosen"] |= extras(c, chosen) | {"label": labels[0]}
    pair["rejected"] |= extras(r, rejected) | {"label": labels[1]}
ZERO = {"z0": 0.15, "sentenceZ0": 0.04}


def totals(given, weights, logps):
    """One side of a pair under weights of its tokens."""
    s = SimpleNamespace(l=logps, r=given["reference"], w=weights, m=(weights > 0).double(), label=given["label"])
    s.p, s.d, s.n = (s.w * s.l).sum(), (s.w * (s.l - s.r)).sum(), s.m.sum()
    s.kl = (s.w * given["kl"]).sum()
    s.aligned = (s.m * (s.l - given["logSumSquares"])).sum() / s.n
    spans = [(slice(x["start"], x["end"]), x["label"]) for x in given["sentences"]]
    s.sentences = [((s.w * (s.l - s.r))[span].sum(), label) for span, label in spans if s.m[span].any()]
    return s


def dpo(chosen, rejected, beta):
    return -F.logsigmoid(beta * (chosen.d - rejected.d))


def cdpo(chosen, rejected, beta, labelSmoothing):
    h = beta * (chosen.d - rejected.d)
    return -(1 - labelSmoothing) * F.logsigmoid(h) - labelSmoothing * F.logsigmoid(-h)


def robust(chosen, rejected, beta, labelSmoothing):
    h = beta * (chosen.d - rejected.d)
    return (-(1 - labelSmoothing) * F.logsigmoid(h) + labelSmoothing * F.logsigmoid(-h)) / (1 - 2 * labelSmoothing)


def hinge(chosen, rejected, beta):
    return F.relu(1 - beta * (chosen.d - rejected.d))


def ipo(chosen, rejected, tau):
    return (chosen.d / chosen.n - rejected.d / rejected.n - 1 / (2 * tau)) ** 2


def ipo_sum(chosen, rejected, tau):
    return (chosen.d - rejected.d - 1 / (2 * tau)) ** 2


def dpo_norm(chosen, rejected, beta):
    return -F.logsigmoid(beta * (chosen.d / chosen.n - rejected.d / rejected.n))


def ld_dpo(chosen, rejected, beta, alpha):
    shared = torch.minimum(chosen.n, rejected.n)

    def shortened(s):
        position = s.m.cumsum(0)  # among the tokens that count
        return (s.w * (s.l - s.r))[position <= shared].sum() + alpha * (s.w * (s.l - s.r))[position > shared].sum()

    return -F.logsigmoid(beta * (shortened(chosen) - shortened(rejected)))


def apo_zero(chosen, rejected, beta):
    return 1 - torch.sigmoid(beta * chosen.d) + torch.sigmoid(beta * rejected.d)


def apo_down(chosen, rejected, beta):
    return torch.sigmoid(beta * chosen.d) + 1 - torch.sigmoid(beta * (chosen.d - rejected.d))


def bco_pair(chosen, rejected, beta):
    return -F.logsigmoid(beta * chosen.d) - F.logsigmoid(-beta * rejected.d)


def nca(chosen, rejected, beta):
    return -F.logsigmoid(beta * chosen.d) - 0.5 * F.logsigmoid(-beta * chosen.d) - 0.5 * F.logsigmoid(-beta * rejected.d)


def sppo_hard(chosen, rejected, beta):
    return (chosen.d - 0.5 / beta) ** 2 + (rejected.d + 0.5 / beta) ** 2


def exo(chosen, rejected, beta, labelSmoothing):
    wanted = torch.tensor([1 - labelSmoothing, labelSmoothing], dtype=torch.float64)
    h = beta * (chosen.d - rejected.d)
    got = torch.stack([torch.sigmoid(h), torch.sigmoid(-h)])
    return (got * (got.log() - wanted.log())).sum()


def dpop(chosen, rejected, beta, **options):
    return -F.logsigmoid(beta * (chosen.d - rejected.d - options["lambda"] * torch.clamp(-chosen.d, min=0)))


def flex_dpo(chosen, rejected, betaChosen, betaRejected):
    return -F.logsigmoid(betaChosen * chosen.d - betaRejected * rejected.d)


def f_dpo(chosen, rejected, beta, **options):
    if (chosen.label, rejected.label) == (1, 0):
        chosen, rejected = rejected, chosen
    return -F.logsigmoid(beta * (chosen.d - rejected.d - options["lambda"] * (rejected.label - chosen.label)))


def tis_dpo(chosen, rejected, beta, alpha):
    return -F.logsigmoid(beta * (chosen.d - rejected.d) - beta * alpha * (chosen.kl - rejected.kl))


def tdpo1(chosen, rejected, beta):
    return -F.logsigmoid(beta * (chosen.d - rejected.d - (rejected.kl - chosen.kl)))


def tdpo2(chosen, rejected, beta, alpha):
    return -F.logsigmoid(beta * (chosen.d - rejected.d - alpha * (rejected.kl - chosen.kl.detach())))


def wpo(chosen, rejected, beta):
    return (chosen.aligned.exp() * rejected.aligned.exp()).detach() * dpo(chosen, rejected, beta)


def value(d, beta, zero, wanted):
    """KTO's loss of one completion or sentence."""
    return 1 - torch.sigmoid(beta * (d - zero) if wanted else beta * (zero - d))


def kto(chosen, rejected, beta, lambdaDesirable=1, lambdaUndesirable=1):
    zero = ZERO["z0"]
    return lambdaDesirable * value(chosen.d, beta, zero, True) + lambdaUndesirable * value(rejected.d, beta, zero, False)


def fkto(chosen, rejected, **options):
    return fkto_of([(chosen, rejected)], **options)


def fkto_of(pairs, beta, sequenceWeight, sentenceWeight, sentenceBeta, sentenceLambdaUndesirable):
    """Twice FactAlign's loss of a batch of all sides: a mean over items and one over sentences."""
    items = torch.stack([kto(*pair, beta) / 2 for pair in pairs]).mean()
    sentences = [sentence for pair in pairs for side in pair for sentence in side.sentences]
    values = [value(d, sentenceBeta, ZERO["sentenceZ0"], label == 0) * (sentenceLambdaUndesirable if label else 1) for d, label in sentences]
    return 2 * (sequenceWeight * items + (sentenceWeight * torch.stack(values).mean() if values else 0))


def simpo(chosen, rejected, beta, gammaRatio):
    return -F.logsigmoid(beta * (chosen.p / chosen.n - rejected.p / rejected.n - gammaRatio))


def slic_hf(chosen, rejected, delta, **options):
    return torch.clamp(delta - chosen.p + rejected.p, min=0) + options["lambda"] * -chosen.p / chosen.n


def cpo(chosen, rejected, beta, alpha):
    return -F.logsigmoid(beta * (chosen.p - rejected.p)) - alpha * chosen.p / chosen.n


def orpo(chosen, rejected, **options):
    def odds(s):
        mean = (s.p / s.n).exp()
        return mean / (1 - mean)

    return -chosen.p / chosen.n - options["lambda"] * F.logsigmoid((odds(chosen) / odds(rejected)).log())


def sft(chosen, rejected):
    return -chosen.p / chosen.n


def dpo_sft(chosen, rejected, beta, alpha):
    return dpo(chosen, rejected, beta) + alpha * sft(chosen, rejected)


CASES = [
    (dpo, {"beta": 0.1}),
    (dpo, {"beta": 1.5}),
    (cdpo, {"beta": 0.7, "labelSmoothing": 0.2}),
    (robust, {"beta": 0.7, "labelSmoothing": 0.1}),
    (hinge, {"beta": 0.1}),
    (hinge, {"beta": 2}),
    (ipo, {"tau": 0.1}),
    (ipo, {"tau": 0.7}),
    (ipo_sum, {"tau": 0.2}),
    (dpo_norm, {"beta": 3}),
    (ld_dpo, {"beta": 0.5, "alpha": 0.3}),
    (ld_dpo, {"beta": 0.5, "alpha": 0}),
    (apo_zero, {"beta": 0.4}),
    (apo_down, {"beta": 0.4}),
    (bco_pair, {"beta": 0.4}),
    (nca, {"beta": 0.4}),
    (sppo_hard, {"beta": 0.4}),
    (exo, {"beta": 0.4, "labelSmoothing": 0.001}),
    (dpop, {"beta": 0.3, "lambda": 50}),
    (dpop, {"beta": 0.1, "lambda": 5}),
    (flex_dpo, {"betaChosen": 0.1, "betaRejected": 0.04}),
    (f_dpo, {"beta": 0.1, "lambda": 3}),
    (tis_dpo, {"beta": 0.3, "alpha": 0.5}),
    (tdpo1, {"beta": 0.3}),
    (tdpo2, {"beta": 0.3, "alpha": 0.5}),
    (wpo, {"beta": 0.3}),
    (kto, {"beta": 0.1}),
    (kto, {"beta": 0.6, "lambdaDesirable": 1.5, "lambdaUndesirable": 0.8}),
    (fkto, {"beta": 0.1, "sequenceWeight": 0.7, "sentenceWeight": 1.2, "sentenceBeta": 0.4, "sentenceLambdaUndesirable": 4}),
    (simpo, {"beta": 2, "gammaRatio": 0.25}),
    (simpo, {"beta": 10, "gammaRatio": 0}),
    (slic_hf, {"delta": 1, "lambda": 0.1}),
    (cpo, {"beta": 0.1, "alpha": 1}),
    (orpo, {"lambda": 0.1}),
    (sft, {}),
    (dpo_sft, {"beta": 0.1, "alpha": 0.4}),
]


def weights_of(weighting, pair, kept):
    return {"unmasked": torch.ones_like(kept), "masked": kept, "weighted": kept * pair["weights"]}[weighting]


def plain(value):
    return value.tolist() if isinstance(value, torch.Tensor) else value


def sides_of(pair, kept, weighting):
    """Log-probabilities that have a gradient, and the sides made of them."""
    logps = {name: pair[name]["logps"].clone().requires_grad_() for name in pair}
    return logps, [totals(pair[name], weights_of(weighting, pair[name], kept[name]), logps[name]) for name in ("chosen", "rejected")]


def gradient_of(logps):
    return {name: plain(values.grad if values.grad is not None else torch.zeros_like(values)) for name, values in logps.items()}


def main():
    results = []
    for objective, options in CASES:
        for weighting in ("unmasked", "masked", "weighted"):
            losses, gradients = [], []
            for pair, kept in zip(PAIRS, MASKS):
                logps, sides = sides_of(pair, kept, weighting)
                loss = objective(*sides, **options)
                loss.backward()
                losses.append(loss.item())
                gradients.append(gradient_of(logps))
            result = {"objective": objective.__name__.replace("_", "-"), "options": options, "weighting": weighting, "losses": losses, "gradients": gradients}
            if objective is fkto:  # of all pairs at once it is not the mean of theirs
                made = [sides_of(pair, kept, weighting) for pair, kept in zip(PAIRS, MASKS)]
                loss = fkto_of([sides for _, sides in made], **options)
                loss.backward()
                result["batch"] = {"loss": loss.item(), "gradients": [gradient_of(logps) for logps, _ in made]}
            results.append(result)
    pairs = [{name: {key: plain(value) for key, value in values.items()} for name, values in pair.items()} for pair in PAIRS]
    masks = [{name: kept.tolist() for name, kept in pair.items()} for pair in MASKS]
    write_json(GOLDEN / "objectives.json", {"versions": versions(), "pairs": pairs, "masks": masks, "zero": ZERO, "results": results})


if __name__ == "__main__":
    main()
