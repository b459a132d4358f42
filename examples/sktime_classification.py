"""Classify with sktime: a pipeline, tuned, on series of unequal length (Japanese vowels, 12 channels)."""

from sktime.classification.model_selection import TSCGridSearchCV
from sktime.datasets import load_gunpoint, load_japanese_vowels
from sktime.transformations.panel.padder import PaddingTransformer
from sktime.transformations.series.exponent import ExponentTransformer

from ssm_estimators.sktime import S4DClassifier, StateSpaceRidgeClassifier

X, y = load_japanese_vowels("train")  # nested data frame, 7 to 29 time points
X_test, y_test = load_japanese_vowels("test")
ridge = StateSpaceRidgeClassifier(n_kernels=2000, random_state=0).fit(X, y)
print(f"Japanese vowels  StateSpaceRidgeClassifier              accuracy {ridge.score(X_test, y_test):.3f}")

padded = PaddingTransformer(pad_length=29) * StateSpaceRidgeClassifier(n_kernels=2000, random_state=0)
print(f"                 the same on padded series              accuracy {padded.fit(X, y).score(X_test, y_test):.3f}")

X, y = load_gunpoint("train")
X_test, y_test = load_gunpoint("test")
search = TSCGridSearchCV(
    S4DClassifier(max_epochs=20, random_state=0), param_grid={"norm": ["batch", "layer"]}, cv=3, error_score="raise"
).fit(X, y)
print(f"GunPoint         S4DClassifier, tuned: {search.best_params_}  accuracy {search.score(X_test, y_test):.3f}")

pipeline = ExponentTransformer(1) * S4DClassifier(max_epochs=20, random_state=0)
print(
    f"                 in a pipeline                          accuracy {pipeline.fit(X, y).score(X_test, y_test):.3f}"
)
