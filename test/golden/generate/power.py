"""Golden values for test/evaluation/power.test.ts: python power.py > ../power.json (numpy, scipy, statsmodels).

Counts of right and all sentences [seed][side][topic][answer], the variances by the method of moments computed from
scratch, the power of a z test by statsmodels, and how often intervals over topics lie above 0 in simulated
comparisons.
"""
import json
import sys

import numpy as np
import scipy
import statsmodels
from scipy import stats
from statsmodels.stats.power import normal_power

rng = np.random.default_rng(7)
SEEDS, TOPICS, K = 3, 12, 4
VARIANCES = {"topic": 0.09, "seed": 0.02, "interaction": 0.03}


def counts():
    """Sentences of answers to one question a topic, of both sides."""
    base = rng.uniform(0.3, 0.7, TOPICS)
    gain = 0.1 + rng.normal(0, 0.08, TOPICS)
    out = []
    for _ in range(SEEDS):
        shift = rng.normal(0, 0.03)
        sides = []
        for share in (np.clip(base + gain + shift, 0.02, 0.98), np.clip(base, 0.02, 0.98)):
            all_ = rng.integers(4, 11, (TOPICS, K))
            right = rng.binomial(all_, share[:, None])
            sides.append({"right": right.tolist(), "all": all_.tolist()})
        out.append(sides)
    return out


def moments(data):
    """Variances of the linearised difference: influence values, then a two-way analysis of variance."""
    influence, within = [], 0.0
    scores = []
    for side in (0, 1):
        right = np.array([seed[side]["right"] for seed in data], float)  # [S, T, K]
        all_ = np.array([seed[side]["all"] for seed in data], float)
        score = right.sum() / all_.sum()
        error = (right - score * all_) / all_.mean()
        influence.append(score + error.mean(axis=2))
        within += error.var(axis=2, ddof=1).mean()
        scores.append(score)
    d = influence[0] - influence[1]  # [S, T]
    s, t = d.shape
    ms_rest = ((d - d.mean(1, keepdims=True) - d.mean(0, keepdims=True) + d.mean()) ** 2).sum() / ((s - 1) * (t - 1))
    ms_topic = s * d.mean(0).var(ddof=1)
    ms_seed = t * d.mean(1).var(ddof=1)
    return {
        "difference": scores[0] - scores[1],
        "topic": max(0, (ms_topic - ms_rest) / s),
        "seed": max(0, (ms_seed - ms_rest) / t),
        "interaction": max(0, ms_rest - within / K),
        "answer": within,
    }


def z_power():
    """Without seeds the rule is one side of a two-sided z test."""
    rows = []
    for effect, sd, n in [(0.02, 0.2, 400), (0.01, 0.3, 1000), (0.05, 0.25, 60), (0.03, 0.1, 40)]:
        rows.append({"effect": effect, "sd": sd, "topics": n,
                     "power": float(normal_power(effect / sd, n, 0.025, alternative="larger"))})
    return rows


def simulated(effect, topics, seeds, answers, answer_variance, tries=40000):
    """How often mean - 1.96 se over topics lies above 0, with the variances given."""
    found = 0
    for _ in range(tries // 500):
        size = (500, seeds, topics)
        topic = rng.normal(0, VARIANCES["topic"] ** 0.5, (500, 1, topics))
        seed = rng.normal(0, VARIANCES["seed"] ** 0.5, (500, seeds, 1))
        rest = rng.normal(0, (VARIANCES["interaction"] + answer_variance / answers) ** 0.5, size)
        by_topic = (effect + topic + seed + rest).mean(axis=1)  # [tries, topics]
        se = by_topic.std(axis=1, ddof=1) / topics ** 0.5
        found += (by_topic.mean(axis=1) > stats.norm.ppf(0.975) * se).sum()
    return found / tries


def simulations():
    rows = []
    for effect, topics, seeds, answers in [(0.1, 60, 2, 4), (0.1, 200, 3, 1), (0.05, 120, 5, 8), (0, 100, 2, 4)]:
        rows.append({"effect": effect, "topics": topics, "seeds": seeds, "k": answers, "answer": 0.2,
                     "found": simulated(effect, topics, seeds, answers, 0.2)})
    return rows


data = counts()
json.dump({
    "versions": {"python": sys.version.split()[0], "numpy": np.__version__, "scipy": scipy.__version__,
                 "statsmodels": statsmodels.__version__},
    "pilot": data, "moments": moments(data), "variances": VARIANCES, "z": z_power(), "simulated": simulations(),
}, sys.stdout, indent=1)
