"""The fast lane on workers: sums over a dask array, and a search over its parameters; a cluster of this machine.

python examples/fit_on_dask.py          # on many machines give Client the address of their scheduler
"""

import dask.array as da
import numpy as np
from dask.distributed import Client, LocalCluster
from joblib import parallel_config
from sklearn.model_selection import GridSearchCV

from ssm_estimators import StateSpaceRidgeClassifier


def waves(n_cases, seed):
    """Cases of 100 points, and which of three frequencies they have."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n_cases)
    X = np.sin((0.2 + 0.1 * y[:, None]) * np.arange(100) + rng.uniform(0, 6, (n_cases, 1)))
    return X + 2.5 * rng.standard_normal(X.shape), y


def main():
    X, y = waves(4000, seed=0)
    X_test, y_test = waves(500, seed=1)
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster, Client(cluster):
        # features of all cases have no room in 0.03 GB: the workers sum up what the regressions need of them
        clf = StateSpaceRidgeClassifier(n_kernels=600, max_memory=0.03, random_state=0)
        clf.fit(da.from_array(X, chunks=(500, 100)), y)
        print(f"fitted from sums; left out in turn: {len(clf.left_out_cases_)} of {len(X)} cases")
        print(f"accuracy {clf.score(X_test, y_test):.3f}")

        # many fits, each on one worker; backend="ray" does the same with ray.util.joblib.register_ray()
        small = StateSpaceRidgeClassifier(n_kernels=100, random_state=0)
        with parallel_config(backend="dask"):
            search = GridSearchCV(small, {"n_windows": [1, 4]}, cv=2, n_jobs=-1).fit(X[:200], y[:200])
        print(f"best of {len(search.cv_results_['params'])}: {search.best_params_}, {search.best_score_:.3f}")


if __name__ == "__main__":
    main()
