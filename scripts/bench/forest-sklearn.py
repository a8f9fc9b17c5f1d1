"""Times scikit-learn's isolation forest: forest-sklearn.py ROWS COLUMNS TIMES prints {"times_ms": [...]}."""
import json
import sys
import time

import numpy
from sklearn.ensemble import IsolationForest

rows, columns, times = (int(word) for word in sys.argv[1:4])
data = numpy.random.RandomState(20240601).standard_normal((rows, columns)) * (1 + numpy.arange(columns))
times_ms = []
for seed in range(times):
    start = time.perf_counter()
    forest = IsolationForest(n_estimators=100, max_samples=256, random_state=seed, n_jobs=None).fit(data)
    forest.score_samples(data)
    times_ms.append((time.perf_counter() - start) * 1000)
print(json.dumps({"times_ms": times_ms}))
