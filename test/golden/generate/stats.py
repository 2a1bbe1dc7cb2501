"""Golden values for test/base/stats.test.ts: python stats.py > ../stats.json (numpy, scipy)."""
import itertools
import json
import platform
import sys

import numpy as np
import scipy
from scipy import stats

# Unit data are dyadic so that sums are exact in any order.
NUMERATORS = [3, 5, 2, 8, 1, 6]
DENOMINATORS = [5, 6, 7, 9, 4, 7]
A = [0.5, 0.75, 0.25, 1.0, 0.625, 0.375, 0.875, 0.5]
B = [0.25, 0.5, 0.375, 0.625, 0.5, 0.375, 0.75, 0.125]
X = [1.0, 2.0, 2.0, 3.5, 5.0, 4.0, 7.0, 7.0, 9.0, 0.5, 6.0, 8.0]
Y = [2.0, 1.0, 4.0, 3.0, 3.0, 6.0, 5.0, 8.0, 7.0, 1.0, 9.0, 9.0]


def exhaustive_bca(columns, statistic):
    """BCa from all n^n resamples: the bootstrap distribution without Monte Carlo error."""
    columns = [np.asarray(c, float) for c in columns]
    n = len(columns[0])
    index = np.array(list(itertools.product(range(n), repeat=n)))
    replicates = statistic(*[c[index] for c in columns], axis=-1)

    class Given:  # what scipy reads of an earlier result
        bootstrap_distribution = replicates

    out = {}
    for level in (0.9, 0.95):
        result = stats.bootstrap(columns, statistic, paired=True, vectorized=True, n_resamples=0,
                                 bootstrap_result=Given, confidence_level=level, method="BCa")
        out[str(level)] = list(result.confidence_interval)
    return {"columns": [c.tolist() for c in columns], "value": float(statistic(*columns, axis=-1)), "intervals": out}


def ratio(x, y, axis=-1):
    return x.sum(axis=axis) / y.sum(axis=axis)


def permutation(a, b, statistic):
    result = stats.permutation_test([np.asarray(a), np.asarray(b)], statistic, permutation_type="samples",
                                    n_resamples=np.inf, alternative="two-sided", vectorized=False)
    return {"difference": float(result.statistic), "p": float(result.pvalue)}


def monte_carlo_pairing(x, y):
    result = stats.permutation_test([np.asarray(x)], lambda v: stats.spearmanr(v, y).statistic, permutation_type="pairings",
                                    n_resamples=20000, rng=np.random.default_rng(1), vectorized=False)
    return float(result.pvalue)


z = [-30.0, -12.0, -7.5, -5.0, -3.0, -2.999, -1.96, -0.5, 0.0, 1e-9, 0.3, 1.6448536269514722, 2.999, 3.0, 4.5, 8.0]
p = [1e-300, 1e-12, 1e-5, 0.02, 0.02425, 0.025, 0.3, 0.5, 0.7, 0.975, 0.9999, 1 - 1e-12]
q = [0.0, 0.025, 0.3, 0.5, 0.81, 1.0]
json.dump({
    "versions": {"python": platform.python_version(), "numpy": np.__version__, "scipy": scipy.__version__},
    "normalCdf": [[v, float(stats.norm.cdf(v))] for v in z],
    "normalQuantile": [[v, float(stats.norm.ppf(v))] for v in p],
    "moments": {"values": X, "mean": float(np.mean(X)), "sd": float(np.std(X, ddof=1)),
                "quantiles": [[v, float(np.quantile(X, v))] for v in q]},
    "bca": {
        "ratio": exhaustive_bca([NUMERATORS, DENOMINATORS], ratio),
        "mean": exhaustive_bca([[0.5, 0.75, 0.25, 1.0, 0.625, 0.0]], lambda x, axis=-1: x.mean(axis=axis)),
    },
    "permutation": {"a": A, "b": B, **permutation(A, B, lambda x, y: np.mean(x) - np.mean(y))},
    "spearman": {"x": X, "y": Y, "rho": float(stats.spearmanr(X, Y).statistic), "p": monte_carlo_pairing(X, Y)},
}, sys.stdout, indent=1)
print()
