"""A state-space classifier as a step of a Pipeline, tuned by GridSearchCV in two processes."""

import numpy as np
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sktime.datasets import load_italy_power_demand

from ssm_estimators import LiquidS4Classifier


def per_series(X: np.ndarray) -> np.ndarray:
    """Each series less its mean: any function of panels can be a step."""
    return X - X.mean(axis=2, keepdims=True)


if __name__ == "__main__":
    X, y = load_italy_power_demand("train", return_type="numpy3D")
    X_test, y_test = load_italy_power_demand("test", return_type="numpy3D")
    pipeline = make_pipeline(FunctionTransformer(per_series), LiquidS4Classifier(max_epochs=40, random_state=0))
    grid = {"liquids4classifier__d_model": [32, 64], "liquids4classifier__dropout": [0.0, 0.1]}
    search = GridSearchCV(pipeline, grid, cv=3, n_jobs=2, verbose=1).fit(X, y)
    print("best:", search.best_params_, f"cross-validated accuracy {search.best_score_:.3f}")
    print(f"test accuracy {search.score(X_test, y_test):.3f}")
