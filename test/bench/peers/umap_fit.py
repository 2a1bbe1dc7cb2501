"""umap-learn with its own neighbours, as fast as it goes: without a seed, on all threads. The first fit compiles; the caller does not count it."""
import sys
import time

import numpy as np
import umap
from sklearn.manifold import trustworthiness

from wire import receive, reply


def main():
    setup = receive()
    data = np.fromfile(setup["file"], dtype=np.float32).reshape(setup["shape"])
    reply(ready=True)
    while request := receive():
        seconds = None
        if "score" in request:
            layout = np.fromfile(request["score"], dtype=np.float32).reshape(-1, 2)
        else:
            started = time.perf_counter()
            layout = umap.UMAP(n_neighbors=setup["neighbours"], min_dist=setup["min_dist"], n_jobs=setup["threads"]).fit_transform(data)
            seconds = time.perf_counter() - started
        reply(seconds=seconds, trustworthiness=float(trustworthiness(data, layout, n_neighbors=15)))


sys.exit(main())
