"""Objectives of mask-dpo-lab in PyTorch, as `mask-dpo loss` has them: functions of the two sides of pairs.

A side has, as tensors [B], p: the weighted sum of log-probabilities under the policy, d: the same of policy minus
reference, n: the number of tokens that count, label: 1 where it has a hallucination (f-dpo). An objective returns its
losses [B] and what is logged as the rewards of both sides.
"""

import torch.nn.functional as F


def mean(side):
    return side.p / side.n


def rewards(w, l, beta):
    return beta * w.d, beta * l.d


def logistic(margin, flipped=0.0):
    return -(1 - flipped) * F.logsigmoid(margin) - flipped * F.logsigmoid(-margin)


def dpo(w, l, o):
    return logistic(o["beta"] * (w.d - l.d)), *rewards(w, l, o["beta"])


def cdpo(w, l, o):
    return logistic(o["beta"] * (w.d - l.d), o["labelSmoothing"]), *rewards(w, l, o["beta"])


def robust(w, l, o):
    e, h = o["labelSmoothing"], o["beta"] * (w.d - l.d)
    return ((1 - e) * logistic(h) - e * logistic(-h)) / (1 - 2 * e), *rewards(w, l, o["beta"])


def hinge(w, l, o):
    return F.relu(1 - o["beta"] * (w.d - l.d)), *rewards(w, l, o["beta"])


def ipo(w, l, o):
    chosen, rejected = w.d / w.n, l.d / l.n
    return (chosen - rejected - 1 / (2 * o["tau"])) ** 2, o["tau"] * chosen, o["tau"] * rejected


def ipo_sum(w, l, o):
    return (w.d - l.d - 1 / (2 * o["tau"])) ** 2, *rewards(w, l, o["tau"])


def dpo_norm(w, l, o):
    chosen, rejected = o["beta"] * w.d / w.n, o["beta"] * l.d / l.n
    return logistic(chosen - rejected), chosen, rejected


def apo_zero(w, l, o):
    chosen, rejected = rewards(w, l, o["beta"])
    return (-chosen).sigmoid() + rejected.sigmoid(), chosen, rejected


def apo_down(w, l, o):
    chosen, rejected = rewards(w, l, o["beta"])
    return chosen.sigmoid() + (rejected - chosen).sigmoid(), chosen, rejected


def bco_pair(w, l, o):
    chosen, rejected = rewards(w, l, o["beta"])
    return logistic(chosen) + logistic(-rejected), chosen, rejected


def nca(w, l, o):
    chosen, rejected = rewards(w, l, o["beta"])
    return logistic(chosen) + 0.5 * (logistic(-chosen) + logistic(-rejected)), chosen, rejected


def sppo_hard(w, l, o):
    aim = 1 / (2 * o["beta"])
    return (w.d - aim) ** 2 + (l.d + aim) ** 2, *rewards(w, l, o["beta"])


def exo(w, l, o):
    e, h = w.d.new_tensor(o["labelSmoothing"]), o["beta"] * (w.d - l.d)
    losses = h.sigmoid() * (F.logsigmoid(h) - (-e).log1p()) + (-h).sigmoid() * (F.logsigmoid(-h) - e.log())
    return losses, *rewards(w, l, o["beta"])


def dpop(w, l, o):
    return logistic(o["beta"] * (w.d - l.d - o["lambda"] * F.relu(-w.d))), *rewards(w, l, o["beta"])


def flex_dpo(w, l, o):
    chosen, rejected = o["betaChosen"] * w.d, o["betaRejected"] * l.d
    return logistic(chosen - rejected), chosen, rejected


def f_dpo(w, l, o):
    difference = l.label - w.label
    margin = (w.d - l.d) * (1 - 2 * F.relu(-difference))  # a pair of labels (1, 0) is turned round
    return logistic(o["beta"] * (margin - o["lambda"] * difference**2)), *rewards(w, l, o["beta"])


def kto(w, l, o):
    chosen = o["lambdaDesirable"] * (-o["beta"] * (w.d - o["z0"])).sigmoid()
    rejected = o["lambdaUndesirable"] * (o["beta"] * (l.d - o["z0"])).sigmoid()
    return chosen + rejected, *rewards(w, l, o["beta"])


def simpo(w, l, o):
    chosen, rejected = o["beta"] * mean(w), o["beta"] * mean(l)
    return logistic(chosen - rejected - o["beta"] * o["gammaRatio"]), chosen, rejected


def slic_hf(w, l, o):
    return F.relu(o["delta"] - w.p + l.p) - o["lambda"] * mean(w), w.p, l.p


def cpo(w, l, o):
    chosen, rejected = o["beta"] * w.p, o["beta"] * l.p
    return logistic(chosen - rejected) - o["alpha"] * mean(w), chosen, rejected


def orpo(w, l, o):
    chosen, rejected = mean(w), mean(l)

    def log_odds(a):
        return a - (-a.clamp(max=-1e-7).expm1()).log()

    odds = log_odds(chosen) - log_odds(rejected)
    return o["lambda"] * logistic(odds) - chosen, o["lambda"] * chosen, o["lambda"] * rejected


def sft(w, l, o):
    return -mean(w), mean(w), mean(l)


def dpo_sft(w, l, o):
    losses, chosen, rejected = dpo(w, l, o)
    return losses - o["alpha"] * mean(w), chosen, rejected


# mask-dpo-lab reads these names to see what it can hand over: one a line. ld-dpo and tis-dpo are DPO under the weights
# of tokens that tokens.jsonl has.
OBJECTIVES = {
    "dpo": dpo,
    "cdpo": cdpo,
    "robust": robust,
    "hinge": hinge,
    "ipo": ipo,
    "ipo-sum": ipo_sum,
    "dpo-norm": dpo_norm,
    "ld-dpo": dpo,
    "apo-zero": apo_zero,
    "apo-down": apo_down,
    "bco-pair": bco_pair,
    "nca": nca,
    "sppo-hard": sppo_hard,
    "exo": exo,
    "dpop": dpop,
    "flex-dpo": flex_dpo,
    "f-dpo": f_dpo,
    "tis-dpo": dpo,
    "kto": kto,
    "simpo": simpo,
    "slic-hf": slic_hf,
    "cpo": cpo,
    "orpo": orpo,
    "sft": sft,
    "dpo-sft": dpo_sft,
}
