"""Golden values for test/topic and test/base/matching: near and far groups, TF-IDF, matchings, Spearman, UMAP.

Run as: python test/golden/generate/topics.py (numpy, scipy, scikit-learn, umap-learn)
"""

import itertools
import platform

import numpy as np
import scipy
import sklearn
import umap
from common import GOLDEN, f32, write_json
from scipy.spatial.distance import cdist
from scipy.stats import permutation_test, spearmanr
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.manifold import trustworthiness
from sklearn.metrics import pairwise_distances
import torch

TEXTS = [
    "The capital is Vienna. People pay in euro. Its phone code is +43.",
    "The capital is São Tomé. PEOPLE pay in dobra; a b c",
    "It has 300 thousand people. It has its_own_code and Ñandú-Łódź.",
    "",
    "people people people euro",
]


def near_far(rng):
    vectors = rng.normal(size=(60, 7)).astype(np.float32)
    centres, members = list(range(9)), list(range(9, 60))
    away = cdist(vectors[members].astype(np.float64), vectors[centres].astype(np.float64))
    order = np.argsort(away.min(1), kind="stable")
    return {
        "vectors": f32(torch.from_numpy(vectors)), "centres": centres, "members": members,
        "centre": away.argmin(1).tolist(), "distance": away.min(1).tolist(),
        "near": [members[i] for i in order[:17]], "far": [members[i] for i in order[-17:]],  # a third of 51
    }


def matching(rng):
    """Exact: by scipy where everything is allowed, by enumeration where some places are not."""
    n = 6
    cost = rng.normal(size=(n, n)) + np.where(np.eye(n), 0.35, 0)
    free = permutation_test((np.arange(n),), lambda places: np.mean(cost[np.arange(n), places]), permutation_type="pairings", alternative="less", n_resamples=np.inf, vectorized=False)
    allowed = (rng.random((n, n)) < 0.7) | np.eye(n, dtype=bool)
    means = [cost[np.arange(n), list(p)].mean() for p in itertools.permutations(range(n)) if allowed[np.arange(n), list(p)].all()]
    value = cost.diagonal().mean()
    return {
        "cost": cost.tolist(), "allowed": allowed.astype(int).tolist(), "value": value,
        "free": {"p": float(free.pvalue), "expected": float(np.mean(free.null_distribution))},
        "restricted": {"matchings": len(means), "p": float(np.mean(np.array(means) <= value + 1e-12)), "expected": float(np.mean(means))},
    }


def spearman(rng):
    """Frequencies that are mostly 0 against distances with ties."""
    cases = []
    for n, stated in ((12, 3), (5, 4), (40, 1)):
        counts = np.zeros(n)
        counts[rng.choice(n, stated, replace=False)] = rng.integers(1, 4, stated)
        distances = rng.integers(0, 8, n) / 4
        cases.append({"counts": counts.tolist(), "distances": distances.tolist(), "rho": float(spearmanr(counts, distances).statistic)})
    return cases


def umap_map(rng):
    """Twelve clusters of unequal width; the map by umap-learn from exact neighbours, and how well it keeps them."""
    centres = rng.normal(size=(12, 8)) * 3
    rows = np.concatenate([centre + rng.normal(size=(25, 8)) * (0.5 + 0.15 * i) for i, centre in enumerate(centres)]).astype(np.float32)
    away = pairwise_distances(rows.astype(np.float64))
    order = np.argsort(away, axis=1, kind="stable")[:, :15]
    known = (order.astype(np.int64), np.take_along_axis(away, order, 1).astype(np.float32), None)
    maps = [umap.UMAP(n_neighbors=15, min_dist=0.1, precomputed_knn=known, force_approximation_algorithm=True, random_state=seed).fit_transform(rows) for seed in (1, 2, 3)]
    return {"rows": f32(torch.from_numpy(rows)), "map": f32(torch.from_numpy(maps[0])), "trustworthiness": [float(trustworthiness(rows.astype(np.float64), m.astype(np.float64), n_neighbors=15)) for m in maps]}


def main():
    rng = np.random.default_rng(7)
    tfidf = TfidfVectorizer()
    weights = tfidf.fit_transform(TEXTS).toarray()
    write_json(GOLDEN / "topics.json", {
        "versions": {"python": platform.python_version(), "numpy": np.__version__, "scipy": scipy.__version__, "scikit-learn": sklearn.__version__, "umap-learn": umap.__version__},
        "nearFar": near_far(rng),
        "tfidf": {"texts": TEXTS, "words": tfidf.get_feature_names_out().tolist(), "weights": weights.tolist()},
        "matching": matching(rng),
        "spearman": spearman(rng),
        "umap": umap_map(rng),
    })


if __name__ == "__main__":
    main()
