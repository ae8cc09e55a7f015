"""PCA by scikit-learn: told the data's file, prints "ready", then the seconds of each fit. See PythonPeer.cs."""
import json
import sys
import time

import numpy
from sklearn.decomposition import PCA

settings = json.loads(sys.argv[1])
data = numpy.fromfile(settings["file"], dtype=numpy.float32).reshape(settings["samples"], settings["features"])
pca = PCA(settings["components"], svd_solver="full")
print("ready", flush=True)
for _ in sys.stdin:
    start = time.perf_counter()
    pca.fit(data)
    print(time.perf_counter() - start, flush=True)
